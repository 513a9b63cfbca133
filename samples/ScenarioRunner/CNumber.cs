using System.Globalization;
using System.Numerics;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>Numbers as the C library reads them: what follows the digits is ignored, and what is too large saturates.</summary>
internal static class CNumber
{
    /// <summary>strtoll with base 0.</summary>
    public static long ParseSigned(string text) => (long)BigInteger.Clamp(Parse(text), long.MinValue, long.MaxValue);

    /// <summary>strtoull with base 0: a minus sign negates in 64 bits.</summary>
    public static ulong ParseUnsigned(string text)
    {
        BigInteger value = Parse(text);
        if (BigInteger.Abs(value) > ulong.MaxValue)
            return ulong.MaxValue;
        return value.Sign < 0 ? unchecked((ulong)-(Int128)(-value)) : (ulong)value;
    }

    /// <summary>atoi: decimal only.</summary>
    public static int ParseDecimal(string text) => unchecked((int)(long)BigInteger.Clamp(Digits(text, 10), long.MinValue, long.MaxValue));

    private static BigInteger Parse(string text)
    {
        ReadOnlySpan<char> digits = text.AsSpan().TrimStart("+-");
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return Digits(text.Replace("0x", "", StringComparison.OrdinalIgnoreCase), 16);
        return Digits(text, digits is ['0', ..] ? 8 : 10);
    }

    private static BigInteger Digits(string text, int radix)
    {
        BigInteger value = BigInteger.Zero;
        foreach (char digit in text.AsSpan().TrimStart("+-"))
        {
            int next = char.IsAsciiHexDigit(digit) ? int.Parse([digit], NumberStyles.HexNumber, CultureInfo.InvariantCulture) : radix;
            if (next >= radix)
                break;
            value = (value * radix) + next;
        }

        return text is ['-', ..] ? -value : value;
    }
}
