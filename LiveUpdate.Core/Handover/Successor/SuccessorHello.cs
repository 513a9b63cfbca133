using System.Buffers;
using System.Text;
using LiveUpdate.Abi;
using MessagePack;

namespace LiveUpdate;

/// <summary>What a successor says of itself: formats, secret, and what it can retrieve. MessagePack, untrusted.</summary>
internal sealed class SuccessorHello
{
    private const int Fields = 6;

    /// <summary>The compatible strings that its handlers retrieve from, older ones included.</summary>
    public HashSet<string> Files { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The FLBs that its handlers depend on.</summary>
    public HashSet<string> Flbs { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The one-time secret; empty for one that was started.</summary>
    public byte[] Secret { get; init; } = [];

    /// <summary>The compatible string of the root record that it reads.</summary>
    public string Luo { get; init; } = LuoAbi.Compatible;

    /// <summary>The compatible string of the memory's tree that it reads.</summary>
    public string Kho { get; init; } = KhoAbi.Compatible;

    /// <summary>The version of the library's own record that it reads.</summary>
    public uint Core { get; init; } = LuoCoreSer.CurrentVersion;

    /// <summary>What a program with these handlers says.</summary>
    public static SuccessorHello Create(IReadOnlyList<FileHandler> handlers, string? secret) => new()
    {
        Files = handlers.SelectMany(static handler => handler.RetrievesFrom.Prepend(handler.Compatible)).ToHashSet(StringComparer.Ordinal),
        Flbs = handlers.SelectMany(static handler => handler.DependsOn).Select(static flb => flb.Compatible).ToHashSet(StringComparer.Ordinal),
        Secret = secret is null ? [] : Encoding.UTF8.GetBytes(secret),
    };

    /// <summary>Writes it.</summary>
    public byte[] Write()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(Fields);
        writer.Write(Luo);
        writer.Write(Kho);
        writer.Write(Core);
        writer.Write(Secret);
        WriteAll(ref writer, Files);
        WriteAll(ref writer, Flbs);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads one; fields that a newer library added are passed over.</summary>
    /// <exception cref="LiveUpdateException">EPROTO: it cannot be read.</exception>
    public static SuccessorHello Read(ReadOnlyMemory<byte> payload)
    {
        try
        {
            var reader = new MessagePackReader(payload);
            if (reader.ReadArrayHeader() < Fields)
                throw new MessagePackSerializationException($"It has fewer than {Fields} fields.");
            return new SuccessorHello
            {
                Luo = reader.ReadString() ?? "",
                Kho = reader.ReadString() ?? "",
                Core = reader.ReadUInt32(),
                Secret = reader.ReadBytes() is { } secret ? secret.ToArray() : [],
                Files = ReadAll(ref reader),
                Flbs = ReadAll(ref reader),
            };
        }
        catch (Exception exception) when (SuccessorPayload.IsDamage(exception))
        {
            throw new LiveUpdateException(LiveUpdateError.Protocol, $"The successor's hello cannot be read: {exception.Message}", exception);
        }
    }

    private static void WriteAll(ref MessagePackWriter writer, HashSet<string> strings)
    {
        writer.WriteArrayHeader(strings.Count);
        foreach (string text in strings)
            writer.Write(text);
    }

    private static HashSet<string> ReadAll(ref MessagePackReader reader)
    {
        var strings = new HashSet<string>(StringComparer.Ordinal);
        for (int count = reader.ReadArrayHeader(); count > 0; count--)
            strings.Add(reader.ReadString() ?? "");
        return strings;
    }
}
