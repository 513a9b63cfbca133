using System.Text;

namespace LiveUpdate;

/// <summary>Checks the strings that link the code of one generation to that of the next (reference part 1: compatible string).</summary>
internal static class CompatibleName
{
    /// <summary>The most bytes a compatible string may have (reference 4.13: 48 with its NUL).</summary>
    public const int MaxLength = 47;

    /// <summary>The string, if it can be written so that it is found again.</summary>
    /// <exception cref="ArgumentException">It is empty, has a NUL in it, or is longer than 47 bytes of UTF-8.</exception>
    public static string Validate(string? compatible, string parameterName)
    {
        ArgumentException.ThrowIfNullOrEmpty(compatible, parameterName);
        if (compatible.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("A compatible string cannot hold a NUL.", parameterName);
        int length = Encoding.UTF8.GetByteCount(compatible);
        if (length > MaxLength)
        {
            throw new ArgumentException(
                $"The compatible string \"{compatible}\" has {length} bytes; {MaxLength} fit (reference 4.13).", parameterName);
        }

        return compatible;
    }
}
