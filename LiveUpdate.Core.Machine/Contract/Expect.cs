using System.Runtime.CompilerServices;

namespace LiveUpdate.Machine.Contract;

/// <summary>What a step expects.</summary>
internal static class Expect
{
    public static void Equal<T>(T actual, T expected, [CallerArgumentExpression(nameof(actual))] string what = "")
    {
        if (!EqualityComparer<T>.Default.Equals(actual, expected))
            throw new ContractException($"{what} is {actual}, and should be {expected}.");
    }

    public static void True(bool condition, [CallerArgumentExpression(nameof(condition))] string what = "") => Equal(condition, true, what);

    /// <summary>A refusal, which names what it is about, in its properties and in its message.</summary>
    public static LiveUpdateException Refused(
        LiveUpdateError error,
        string operation,
        string? session,
        ulong? token,
        Action action,
        [CallerArgumentExpression(nameof(action))] string what = "")
    {
        LiveUpdateException refusal = Throws<LiveUpdateException>(action, what);
        Equal(refusal.Error, error, $"the error of {what} ({refusal.Message})");
        Equal(refusal.Operation, operation, $"the operation of {what}");
        Equal(refusal.Session, session, $"the session of {what}");
        Equal(refusal.Token?.Value, token, $"the token of {what}");
        foreach (string part in new[] { error.ToErrnoName(), operation, session ?? "", token is { } value ? new Token(value).ToString() : "" })
        {
            if (!refusal.Message.Contains(part, StringComparison.Ordinal))
                throw new ContractException($"The message of {what} does not name {part}: {refusal.Message}");
        }

        return refusal;
    }

    public static T Throws<T>(Action action, [CallerArgumentExpression(nameof(action))] string what = "")
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T exception)
        {
            return exception;
        }
        catch (Exception exception)
        {
            throw new ContractException($"{what} threw {exception.GetType().Name}, and should throw {typeof(T).Name}: {exception.Message}");
        }

        throw new ContractException($"{what} did not throw {typeof(T).Name}.");
    }
}
