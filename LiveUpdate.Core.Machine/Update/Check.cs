namespace LiveUpdate.Machine.Update;

/// <summary>Fails a subcommand when something is not as it should be.</summary>
internal static class Check
{
    public static void Equal<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            throw new InvalidOperationException($"{what}: {actual}, not {expected}");
    }

    /// <summary>Whether an action is refused with an error.</summary>
    public static LiveUpdateException Refused(LiveUpdateError error, Action action, string what)
    {
        try
        {
            action();
        }
        catch (LiveUpdateException exception)
        {
            Equal(error, exception.Error, what);
            return exception;
        }

        throw new InvalidOperationException($"{what}: not refused");
    }
}
