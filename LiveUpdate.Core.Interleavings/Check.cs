namespace LiveUpdate.Interleavings;

/// <summary>What a scenario expects.</summary>
internal static class Check
{
    /// <summary>Ends the schedule with a finding unless a condition holds.</summary>
    public static void That(bool condition, string otherwise)
    {
        if (!condition)
            throw new InvalidOperationException(otherwise);
    }

    /// <summary>Ends the schedule with a finding unless both are equal.</summary>
    public static void Equal<T>(T found, T expected, string what) =>
        That(EqualityComparer<T>.Default.Equals(found, expected), $"{what}: {found} instead of {expected}");
}
