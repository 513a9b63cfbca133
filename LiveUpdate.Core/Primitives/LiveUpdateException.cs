using System.Text;

namespace LiveUpdate;

/// <summary>
/// The refusal of an operation: everything that the kernel answers with an errno, and the failure of a hand-over.
/// </summary>
/// <remarks>
/// Misuse of the API is one of the usual .NET exceptions instead, and a damaged image is <see cref="LiveUpdateImageException"/>. A
/// callback that wants a certain errno to reach the caller throws this exception with it (reference F-08).
/// </remarks>
public sealed class LiveUpdateException : Exception
{
    /// <summary>Makes a refusal with an unspecified error, EIO.</summary>
    public LiveUpdateException()
        : this(LiveUpdateError.InputOutput)
    {
    }

    /// <summary>Makes a refusal with an unspecified error, EIO.</summary>
    /// <param name="message">What was refused and why.</param>
    public LiveUpdateException(string? message)
        : this(LiveUpdateError.InputOutput, message)
    {
    }

    /// <summary>Makes a refusal with an unspecified error, EIO.</summary>
    /// <param name="message">What was refused and why.</param>
    /// <param name="innerException">The cause.</param>
    public LiveUpdateException(string? message, Exception? innerException)
        : this(LiveUpdateError.InputOutput, message, innerException)
    {
    }

    /// <summary>Makes a refusal.</summary>
    /// <param name="error">The errno.</param>
    /// <param name="message">What was refused and why; null for the error's own name.</param>
    /// <param name="innerException">The cause, if another exception was it.</param>
    public LiveUpdateException(LiveUpdateError error, string? message = null, Exception? innerException = null)
        : base(message ?? Errno.Describe(error), innerException) => Error = error;

    /// <summary>The errno.</summary>
    public LiveUpdateError Error { get; }

    /// <summary>The operation that was refused, in the reference's words ("preserve", "create session"), if known.</summary>
    public string? Operation { get; init; }

    /// <summary>The name of the session it was about, if it was about one.</summary>
    public string? Session { get; init; }

    /// <summary>The token of the file it was about, if it was about one.</summary>
    public Token? Token { get; init; }

    /// <summary>The compatible string of the handler or FLB that was involved, if one was.</summary>
    public string? Handler { get; init; }

    /// <summary>The message alone, without what <see cref="Message"/> adds.</summary>
    internal string Reason => base.Message;

    /// <summary>The message, followed by operation, session, token, handler and errno as far as they are known.</summary>
    public override string Message
    {
        get
        {
            var text = new StringBuilder(base.Message);
            text.Append(" (").Append(Errno.Name(Error));
            Append(text, "operation", Operation);
            Append(text, "session", Session);
            Append(text, "token", Token?.ToString());
            Append(text, "handler", Handler);
            return text.Append(')').ToString();
        }
    }

    private static void Append(StringBuilder text, string name, string? value)
    {
        if (value is not null)
            text.Append("; ").Append(name).Append(' ').Append(value);
    }
}
