using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>Asks the managed device, through the dispatcher, which numbers descriptors as a kernel does.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ManagedMachine : ScenarioMachine
{
    private readonly UapiDispatcher _dispatcher;
    private readonly SlotTable _slots;

    public ManagedMachine(LiveUpdateOrchestrator orchestrator)
    {
        _dispatcher = new UapiDispatcher(orchestrator.OpenDevice);
        _slots = new SlotTable(_dispatcher);
        for (int i = 0; i < DescriptorsAtStart; i++)
            _dispatcher.Install(new object(), out _);
    }

    /// <inheritdoc/>
    public override void Dispose() => _dispatcher.CloseAll();

    /// <inheritdoc/>
    protected override LiveUpdateError Open(string slot) => Keep(slot, _dispatcher.Open(out int descriptor), descriptor);

    /// <inheritdoc/>
    protected override LiveUpdateError Name(uint request, string device, string session, string name)
    {
        var args = new SessionNameArgs { Size = (uint)Marshal.SizeOf<SessionNameArgs>(), Name = ToNameField(name) };
        return Keep(session, Request(device, request, ref args), args.Fd);
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Preserve(string session, string file, ulong token)
    {
        var args = new PreserveFdArgs { Size = (uint)Marshal.SizeOf<PreserveFdArgs>(), Fd = _slots[file], Token = token };
        return Request(session, LiveUpdateIoctl.PreserveFd, ref args);
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Retrieve(string session, string file, ulong token)
    {
        var args = new RetrieveFdArgs { Size = (uint)Marshal.SizeOf<RetrieveFdArgs>(), Fd = -1, Token = token };
        return Keep(file, Request(session, LiveUpdateIoctl.RetrieveFd, ref args), args.Fd);
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Request(string slot, uint request, byte[] argument) =>
        _dispatcher.Ioctl(_slots[slot], request, argument);

    /// <inheritdoc/>
    protected override LiveUpdateError Close(string slot) => _slots.Close(slot);

    /// <inheritdoc/>
    protected override LiveUpdateError Limit(ulong limit) => _slots.Limit(limit);

    /// <inheritdoc/>
    protected override LiveUpdateError Duplicate(string slot, string old) => _slots.Duplicate(slot, old, FileAt(old), static file => file);

    /// <inheritdoc/>
    protected override SafeFileHandle? FileAt(string slot) =>
        _dispatcher.TryGetFile(_slots[slot], out object? file) ? file as SafeFileHandle : null;

    /// <inheritdoc/>
    protected override LiveUpdateError Assign(string? slot, SafeFileHandle? file) => _slots.Assign(slot, file);

    private LiveUpdateError Keep(string slot, LiveUpdateError error, int descriptor)
    {
        if (error == LiveUpdateError.None)
            _slots[slot] = descriptor;
        return error;
    }
}
