namespace LiveUpdate;

/// <summary>The C library's names for <see cref="LiveUpdateError"/>.</summary>
public static class LiveUpdateErrorExtensions
{
    /// <summary>The name of an error as the C library spells it.</summary>
    /// <param name="error">The error.</param>
    /// <returns>For example <c>EBUSY</c>; <c>errno 200</c> for a number that has no name here.</returns>
    public static string ToErrnoName(this LiveUpdateError error) => Errno.Name(error);
}
