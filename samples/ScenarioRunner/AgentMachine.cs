using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Agent;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>Asks an agent that serves in this process.</summary>
/// <remarks>
/// Descriptors are numbered by a table, as a process's are: the agent has its own ones in this process too, and a real limit would be its as
/// well.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class AgentMachine : ClientMachine
{
    private const int FdOffset = sizeof(uint);
    private const int FdEnd = 2 * sizeof(uint);

    private readonly UapiDispatcher _table = new(static () => throw new InvalidOperationException("The table opens no device."));
    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);
    private readonly string _directory;

    public AgentMachine(string directory)
    {
        _directory = directory;
        for (int i = 0; i < DescriptorsAtStart; i++)
            Assign(null, File.OpenHandle("/dev/null"));
    }

    /// <inheritdoc/>
    public override void Dispose() => _table.CloseAll();

    /// <inheritdoc/>
    protected override LiveUpdateDevice OpenDevice() => AgentDevice.Connect(_directory);

    /// <inheritdoc/>
    protected override object? At(string slot) => Behind(Slot(slot));

    /// <inheritdoc/>
    protected override SafeFileHandle? FileAt(string slot) => FileOf(At(slot));

    /// <inheritdoc/>
    protected override LiveUpdateError Keep(string slot, Func<object> open)
    {
        var entry = new Entry();
        LiveUpdateError error = _table.Install(entry, out int number);
        if (error != LiveUpdateError.None)
            return error;
        error = Try(() => entry.Descriptor = open());
        if (error == LiveUpdateError.None)
            _slots[slot] = number;
        else
            _table.Close(number);
        return error;
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Request(string slot, uint request, byte[] argument)
    {
        // What the kernel looks up by its number goes beside the struct.
        SafeFileHandle? beside = request == LiveUpdateIoctl.PreserveFd && argument.Length >= FdEnd
            ? FileOf(Behind(MemoryMarshal.Read<int>(argument.AsSpan(FdOffset))))
            : null;
        return At(slot) switch
        {
            AgentDevice device => device.Request(request, argument, beside),
            AgentSession session => session.Request(request, argument, beside),
            null => LiveUpdateError.BadDescriptor,
            _ => LiveUpdateError.NotATypewriter,
        };
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Close(string slot)
    {
        int number = Slot(slot);
        _slots[slot] = -1;
        return _table.Close(number);
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Limit(ulong limit)
    {
        _table.DescriptorLimit = (int)Math.Min(limit, int.MaxValue);
        return LiveUpdateError.None;
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Duplicate(string slot, string old)
    {
        if (At(old) is SafeFileHandle file)
        {
            LiveUpdateError error = NativeFile.Duplicate(file, out SafeFileHandle? copy);
            LiveUpdateError assigned = Assign(slot, copy);
            return copy is null ? error : assigned;
        }

        LiveUpdateError answer = _table.Duplicate(Slot(old), out int duplicate);
        _slots[slot] = answer == LiveUpdateError.None ? duplicate : -1;
        return answer;
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Assign(string? slot, SafeFileHandle? file)
    {
        int number = -1;
        LiveUpdateError error = file is null ? LiveUpdateError.None : _table.Install(new Entry { Descriptor = file }, out number);
        if (error != LiveUpdateError.None)
            file!.Dispose();
        if (slot is not null)
            _slots[slot] = error == LiveUpdateError.None ? number : -1;
        return error;
    }

    private static SafeFileHandle? FileOf(object? descriptor) => descriptor switch
    {
        AgentDevice device => device.Descriptor,
        AgentSession session => session.Descriptor,
        var file => file as SafeFileHandle,
    };

    private object? Behind(int number) => _table.TryGetFile(number, out object? entry) ? (entry as Entry)?.Descriptor : null;

    private int Slot(string slot) => _slots.GetValueOrDefault(slot, -1);

    /// <summary>An open file of the table; its last descriptor closes it.</summary>
    private sealed class Entry : IDisposable
    {
        public object? Descriptor { get; set; }

        public void Dispose()
        {
            if (Descriptor is { } descriptor)
                _ = Try(() => CloseDescriptor(descriptor));
        }
    }
}
