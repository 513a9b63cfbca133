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
    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);

    public ManagedMachine(LiveUpdateOrchestrator orchestrator)
    {
        _dispatcher = new UapiDispatcher(orchestrator.OpenDevice);
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
        var args = new PreserveFdArgs { Size = (uint)Marshal.SizeOf<PreserveFdArgs>(), Fd = Slot(file), Token = token };
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
        _dispatcher.Ioctl(Slot(slot), request, argument);

    /// <inheritdoc/>
    protected override LiveUpdateError Close(string slot)
    {
        int descriptor = Slot(slot);
        _slots[slot] = -1;
        return _dispatcher.Close(descriptor);
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Limit(ulong limit)
    {
        _dispatcher.DescriptorLimit = (int)Math.Min(limit, int.MaxValue);
        return LiveUpdateError.None;
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Duplicate(string slot, string old)
    {
        if (FileAt(old) is { } file)
        {
            LiveUpdateError error = NativeFile.Duplicate(file, out SafeFileHandle? copy);
            LiveUpdateError assigned = Assign(slot, copy);
            return copy is null ? error : assigned;
        }

        LiveUpdateError answer = _dispatcher.Duplicate(Slot(old), out int duplicate);
        _slots[slot] = answer == LiveUpdateError.None ? duplicate : -1;
        return answer;
    }

    /// <inheritdoc/>
    protected override SafeFileHandle? FileAt(string slot) =>
        _dispatcher.TryGetFile(Slot(slot), out object? file) ? file as SafeFileHandle : null;

    /// <inheritdoc/>
    protected override LiveUpdateError Assign(string? slot, SafeFileHandle? file)
    {
        int descriptor = -1;
        LiveUpdateError error = file is null ? LiveUpdateError.None : _dispatcher.Install(file, out descriptor);
        if (error != LiveUpdateError.None)
            file!.Dispose();
        if (slot is not null)
            _slots[slot] = error == LiveUpdateError.None ? descriptor : -1;
        return error;
    }

    private int Slot(string slot) => _slots.GetValueOrDefault(slot, -1);

    private LiveUpdateError Keep(string slot, LiveUpdateError error, int descriptor)
    {
        if (error == LiveUpdateError.None)
            _slots[slot] = descriptor;
        return error;
    }
}
