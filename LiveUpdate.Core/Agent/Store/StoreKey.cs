using System.Globalization;

namespace LiveUpdate.Agent;

/// <summary>The keys under which an agent's descriptors are stored: a letter or two, and the index of the ledger's record.</summary>
internal static class StoreKey
{
    /// <summary>The most bytes of a key.</summary>
    public const int MaxLength = 32;

    /// <summary>The ledger's memfd.</summary>
    public const string Ledger = "m";

    /// <summary>The listener of the device socket.</summary>
    public const string DeviceListener = "ld";

    /// <summary>The listener of the update socket.</summary>
    public const string UpdateListener = "lu";

    /// <summary>The agent's end of a connection.</summary>
    public static string OfConnection(int index) => Of('c', index);

    /// <summary>A preserved file.</summary>
    public static string OfFile(int index) => Of('f', index);

    /// <summary>A session of the kernel's device.</summary>
    public static string OfKernelSession(int index) => Of('s', index);

    /// <summary>Reads the key of a record.</summary>
    /// <param name="key">The key.</param>
    /// <param name="table"><c>c</c>, <c>f</c> or <c>s</c>.</param>
    /// <param name="index">The index of the record.</param>
    /// <returns>False for another key.</returns>
    public static bool TryParse(string key, out char table, out int index)
    {
        (table, index) = (key.Length > 1 ? key[0] : '\0', -1);
        return table is 'c' or 'f' or 's' && int.TryParse(key.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out index);
    }

    /// <summary>Whether text can be a key: 1 to 32 letters, digits, hyphens and dots, which every store can pass on.</summary>
    public static bool IsValid(ReadOnlySpan<char> key) =>
        key.Length is > 0 and <= MaxLength && !key.ContainsAnyExcept(s_characters);

    /// <summary>Throws unless text is a key.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    public static void Check(string key)
    {
        if (!IsValid(key))
            throw new ArgumentException($"A key has 1 to {MaxLength} letters, digits, hyphens and dots, unlike \"{key}\".", nameof(key));
    }

    private static readonly System.Buffers.SearchValues<char> s_characters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");

    private static string Of(char table, int index) => string.Create(CultureInfo.InvariantCulture, $"{table}{index}");
}
