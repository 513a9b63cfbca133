using System.Buffers.Binary;
using System.Globalization;
using LiveUpdate.Agent;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>A client with one memfd of 1 MiB, which it gives to every update and takes back from it.</summary>
internal sealed class UpdateSubscriber : AgentSubscriber
{
    private const long Size = 1 << 20;
    private const ulong Token = 1;

    private readonly AgentDevice _device;
    private readonly int _number;
    private SafeFileHandle _file;
    private Session? _session;

    /// <param name="device">The device; never closed here, it ends with the process.</param>
    /// <param name="number">The client's number, which stands in its file.</param>
    public UpdateSubscriber(AgentDevice device, int number)
    {
        (_device, _number, _file) = (device, number, Memfd.Create(Size));
        Span<byte> text = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(text, number);
        RandomAccess.Write(_file, text, 0);
    }

    private string Name => $"client-{_number.ToString(CultureInfo.InvariantCulture)}";

    /// <inheritdoc/>
    public override ValueTask PrepareAsync(AgentPreparation preparation, CancellationToken cancellationToken)
    {
        _session = _device.CreateSession(Name);
        _session.Preserve(Token, _file);
        return default;
    }

    /// <inheritdoc/>
    public override ValueTask ClaimAsync(AgentClaim claim, CancellationToken cancellationToken)
    {
        // It has ended with the generation that it was of.
        _session?.Dispose();
        using Session session = _device.RetrieveSession(Name);
        SafeFileHandle file = session.Retrieve<SafeFileHandle>(Token);
        claim.Claimed();
        Span<byte> text = stackalloc byte[sizeof(int)];
        if (RandomAccess.Read(file, text, 0) != text.Length || BinaryPrimitives.ReadInt32LittleEndian(text) != _number)
            throw new InvalidDataException($"{Name} got another one's file.");
        session.Finish();
        _file.Dispose();
        _file = file;
        return default;
    }

    /// <inheritdoc/>
    public override void OnFailed(Exception exception) => Console.Error.WriteLine($"{Name}: {exception}");
}
