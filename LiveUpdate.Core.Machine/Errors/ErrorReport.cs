using LiveUpdate.Machine.Contract;

namespace LiveUpdate.Machine.Errors;

/// <summary>Prints each errno that the kernel was made to answer.</summary>
internal static class ErrorReport
{
    /// <summary>Through the client: the exception, checked, as its message.</summary>
    public static void Client(LiveUpdateError error, string operation, string? session, ulong? token, Action action)
    {
        LiveUpdateException refusal = Expect.Refused(error, operation, session, token, action, $"{operation} for {error.ToErrnoName()}");
        Console.WriteLine($"{error.ToErrnoName(),-10} {refusal.Message}");
    }

    /// <summary>By a raw request that the client never makes.</summary>
    public static void Raw(LiveUpdateError expected, LiveUpdateError answered, string what)
    {
        Expect.Equal(answered, expected, what);
        Console.WriteLine($"{expected.ToErrnoName(),-10} raw request: {what}");
    }
}
