namespace LiveUpdate.Fuzzing;

/// <summary>
/// One reader of bytes that somebody else wrote. Whatever the bytes are, it reads or refuses them as it says; anything else is a finding.
/// </summary>
internal abstract class FuzzTarget : IDisposable
{
    /// <summary>The outcome of an input that the reader took.</summary>
    public const string Read = "read";

    /// <summary>The outcome of an input that the reader refused with a documented exception.</summary>
    public const string Refused = "refused";

    /// <summary>Its name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>The shortest input; what is shorter is filled up with zeros.</summary>
    public virtual int MinLength => 0;

    /// <summary>The longest input.</summary>
    public virtual int MaxLength => 4096;

    /// <summary>How many bytes one input may allocate.</summary>
    public virtual long MostAllocated => 1 << 20;

    /// <summary>How many inputs of a plain record one of this target is worth: a bounded run takes so many fewer.</summary>
    public virtual int Cost => 1;

    /// <summary>Bytes that mean something in these inputs.</summary>
    public virtual IReadOnlyList<byte[]> Words => [];

    /// <summary>Inputs that are right, from real kernels and from the library itself.</summary>
    public abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>Makes checksums right again, so that damage gets behind them.</summary>
    public virtual void Mend(Span<byte> input)
    {
    }

    /// <summary>Reads an input.</summary>
    /// <returns>What came of it: one of a few constants.</returns>
    public abstract string Run(ReadOnlyMemory<byte> input);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of what the runs share.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
