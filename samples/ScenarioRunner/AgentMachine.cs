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
    private readonly SlotTable _slots;
    private readonly string _directory;

    public AgentMachine(string directory)
    {
        (_directory, _slots) = (directory, new SlotTable(_table));
        for (int i = 0; i < DescriptorsAtStart; i++)
            Assign(null, File.OpenHandle("/dev/null"));
    }

    /// <inheritdoc/>
    public override void Dispose() => _table.CloseAll();

    /// <inheritdoc/>
    protected override LiveUpdateDevice OpenDevice() => AgentDevice.Connect(_directory);

    /// <inheritdoc/>
    protected override object? At(string slot) => Behind(_slots[slot]);

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
    protected override LiveUpdateError Close(string slot) => _slots.Close(slot);

    /// <inheritdoc/>
    protected override LiveUpdateError Limit(ulong limit) => _slots.Limit(limit);

    /// <inheritdoc/>
    protected override LiveUpdateError Duplicate(string slot, string old) => _slots.Duplicate(slot, old, At(old) as SafeFileHandle, static file => new Entry { Descriptor = file });

    /// <inheritdoc/>
    protected override LiveUpdateError Assign(string? slot, SafeFileHandle? file) => _slots.Assign(slot, file is null ? null : new Entry { Descriptor = file });

    private static SafeFileHandle? FileOf(object? descriptor) => descriptor switch
    {
        AgentDevice device => device.Descriptor,
        AgentSession session => session.Descriptor,
        var file => file as SafeFileHandle,
    };

    private object? Behind(int number) => _table.TryGetFile(number, out object? entry) ? (entry as Entry)?.Descriptor : null;

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
