namespace LiveUpdate.Fuzzing.Targets;

/// <summary>A reader that needs nothing but its bytes, and has one exception for those that are damaged.</summary>
internal abstract class RecordTarget : FuzzTarget
{
    /// <inheritdoc/>
    public sealed override string Run(ReadOnlyMemory<byte> input)
    {
        try
        {
            ReadAll(input.Span);
            return Read;
        }
        catch (LiveUpdateImageException damage)
        {
            Finding.Unless(damage.Structure is not null && damage.Expected is not null, "A refusal says what is damaged and what was expected.");
            return Refused;
        }
    }

    /// <summary>Reads everything in the bytes.</summary>
    protected abstract void ReadAll(ReadOnlySpan<byte> bytes);

    /// <summary>A seed that a writer of the library makes.</summary>
    protected static byte[] Write(int length, Action<byte[]> writer)
    {
        byte[] bytes = new byte[length];
        writer(bytes);
        return bytes;
    }
}
