using MessagePack;

namespace LiveUpdate.Agent;

/// <summary>How the messages of the update socket, untrusted, are read element by element.</summary>
internal static class UpdatePayload
{
    /// <summary>The longest name of a program or a subscriber in bytes.</summary>
    public const int LongestName = AgentClientOptions.LongestName;

    /// <summary>What a name must be, for errors.</summary>
    public const string NameRule = "The name of a program or a subscriber has up to 63 bytes in UTF-8 without control characters.";

    /// <summary>The longest reason in characters; what is longer is cut.</summary>
    public const int LongestReason = 500;

    /// <summary>How many subscribers, or their names, one message has at the most: they fit a frame.</summary>
    public const int MostNames = 500;

    /// <summary>Begins an array.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="known">How many elements are known; a newer sender may have more.</param>
    /// <param name="what">What it is, for the error.</param>
    /// <returns>How many elements lie behind the known ones.</returns>
    /// <exception cref="MessagePackSerializationException">It is no array, or has fewer.</exception>
    public static int Enter(ref MessagePackReader reader, int known, string what)
    {
        int count = reader.ReadArrayHeader();
        if (count < known)
            throw new MessagePackSerializationException($"{what} has {count} elements, fewer than {known}.");
        return count - known;
    }

    /// <summary>Passes over elements, whatever is in them.</summary>
    /// <remarks>In a loop: how deep they are nested is the sender's choice, and the stack is not.</remarks>
    public static void Skip(ref MessagePackReader reader, int count)
    {
        for (long left = count; left > 0; left--)
        {
            switch (reader.NextMessagePackType)
            {
                case MessagePackType.Array:
                    left += reader.ReadArrayHeader();
                    break;
                case MessagePackType.Map:
                    left += 2L * reader.ReadMapHeader();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    /// <summary>Passes over the last elements; there must be nothing behind them.</summary>
    public static void Leave(ref MessagePackReader reader, int rest)
    {
        Skip(ref reader, rest);
        if (!reader.End)
            throw new MessagePackSerializationException("There are bytes behind the message.");
    }

    /// <summary>Reads a text that must be there.</summary>
    public static string ReadText(ref MessagePackReader reader) =>
        reader.ReadString() ?? throw new MessagePackSerializationException("A text is nil.");

    /// <summary>Reads the name of a session.</summary>
    public static SessionName ReadName(ref MessagePackReader reader)
    {
        byte[] bytes = reader.ReadBytes() is { } sequence ? System.Buffers.BuffersExtensions.ToArray(sequence) : [];
        return SessionName.TryCreate(bytes, out SessionName name)
            ? name
            : throw new MessagePackSerializationException($"A session's name of {bytes.Length} bytes, or with a NUL.");
    }

    /// <summary>Reads the time that is counted in milliseconds.</summary>
    public static TimeSpan ReadMilliseconds(ref MessagePackReader reader) => TimeSpan.FromMilliseconds(reader.ReadUInt32());

    /// <summary>Writes a time in milliseconds, rounded up; zero if it is over.</summary>
    public static void WriteMilliseconds(ref MessagePackWriter writer, TimeSpan time) =>
        writer.Write((uint)Math.Clamp(Math.Ceiling(time.TotalMilliseconds), 0, uint.MaxValue));

    /// <summary>A text from a stranger as it is shown and logged: cut, and without control characters.</summary>
    public static string Tidy(string text)
    {
        if (text.Length > LongestReason)
            text = text[..LongestReason] + "…";
        return text.Any(char.IsControl) ? string.Concat(text.Select(static c => char.IsControl(c) ? ' ' : c)) : text;
    }

    /// <summary>Whether a text can be the name of a program or a subscriber.</summary>
    public static bool IsName(string text) =>
        text.Length <= LongestName && System.Text.Encoding.UTF8.GetByteCount(text) <= LongestName && !text.Any(char.IsControl);
}
