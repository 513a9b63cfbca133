namespace LiveUpdate.Fuzzing;

/// <summary>Thrown for what an input did that no input may do.</summary>
internal sealed class Finding(string message) : Exception(message)
{
    /// <summary>Throws unless something holds after an input.</summary>
    public static void Unless(bool holds, string rule)
    {
        if (!holds)
            throw new Finding(rule);
    }
}
