using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate;

/// <summary>Makes the refusals of the object model, each with the operation, session, token and handler it is about.</summary>
internal static class Refusal
{
    /// <summary>A refusal.</summary>
    public static LiveUpdateException Create(
        LiveUpdateError error,
        string operation,
        string message,
        string? session = null,
        ulong? token = null,
        string? handler = null,
        Exception? inner = null) =>
        new(error, message, inner) { Operation = operation, Session = session, Token = token is { } value ? new Token(value) : null, Handler = handler };

    /// <summary>Throws a refusal.</summary>
    [DoesNotReturn]
    public static void Throw(
        LiveUpdateError error,
        string operation,
        string message,
        string? session = null,
        ulong? token = null,
        string? handler = null,
        Exception? inner = null) => throw Create(error, operation, message, session, token, handler, inner);

    /// <summary>The refusal that a callback's exception stands for; the exception itself is inside.</summary>
    public static LiveUpdateException FromCallback(
        Exception exception, string callback, string? session = null, ulong? token = null, string? handler = null)
    {
        LiveUpdateError error = Errno.FromCallback(exception);
        if (error == LiveUpdateError.None)
            error = LiveUpdateError.InputOutput;
        string reason = exception is LiveUpdateException refusal ? refusal.Reason : exception.Message;
        return Create(error, callback, $"The callback \"{callback}\" failed: {reason}", session, token, handler, exception);
    }
}
