using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>
/// Asks the real device: through the client where the client has the operation, and with a raw request where it has not (a name that
/// is none, a reserved field, a request to the wrong kind of descriptor).
/// </summary>
/// <remarks>Slots hold devices, sessions and files; all of them stay open until the scenario closes them, or this process ends.</remarks>
[SupportedOSPlatform("linux")]
internal sealed class KernelMachine : ScenarioMachine
{
    private const ulong HardLimit = 1 << 20;

    private readonly Dictionary<string, object?> _slots = new(StringComparer.Ordinal);

    /// <summary>A slot that is assigned anew does not close what it held: this keeps the garbage collector from it.</summary>
    private readonly List<object> _open = [];

    public KernelMachine()
    {
        NativeFile.LimitDescriptors(HardLimit, HardLimit);

        // Where a low limit is to be met, the numbers below it must be taken, as they were in the process that recorded the traces.
        for (int i = 0; i < DescriptorsAtStart; i++)
            Assign(null, File.OpenHandle("/dev/null"));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (object descriptor in _open)
            CloseDescriptor(descriptor);
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Open(string slot) => Try(() => Keep(slot, KernelDevice.Open()));

    /// <inheritdoc/>
    protected override LiveUpdateError Name(uint request, string device, string session, string name)
    {
        Bytes64 field = ToNameField(name);
        ReadOnlySpan<byte> bytes = field;
        int length = bytes.IndexOf((byte)0);
        if (At(device) is not KernelDevice opened || !SessionName.TryCreate(length < 0 ? bytes : bytes[..length], out SessionName valid))
        {
            var args = new SessionNameArgs { Size = (uint)Marshal.SizeOf<SessionNameArgs>(), Name = field };
            return Request(device, request, ref args);
        }

        return Try(() => Keep(session, request == LiveUpdateIoctl.CreateSession ? opened.CreateSession(valid) : opened.RetrieveSession(valid)));
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Preserve(string session, string file, ulong token)
    {
        SafeFileHandle? descriptor = DescriptorAt(file);
        if (At(session) is KernelSession opened)
            return Try(() => opened.Preserve(token, descriptor ?? new SafeFileHandle()));
        int number = descriptor is null ? -1 : (int)descriptor.DangerousGetHandle();
        var args = new PreserveFdArgs { Size = (uint)Marshal.SizeOf<PreserveFdArgs>(), Fd = number, Token = token };
        return Request(session, LiveUpdateIoctl.PreserveFd, ref args);
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Retrieve(string session, string file, ulong token)
    {
        if (At(session) is KernelSession opened)
            return Try(() => Keep(file, opened.Retrieve<SafeFileHandle>(token)));
        var args = new RetrieveFdArgs { Size = (uint)Marshal.SizeOf<RetrieveFdArgs>(), Fd = -1, Token = token };
        return Request(session, LiveUpdateIoctl.RetrieveFd, ref args);
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Finish(string session, uint reserved) =>
        reserved == 0 && At(session) is KernelSession opened ? Try(opened.Finish) : base.Finish(session, reserved);

    /// <inheritdoc/>
    protected override LiveUpdateError Request(string slot, uint request, byte[] argument) =>
        DescriptorAt(slot) is { } descriptor ? NativeFile.Request(descriptor, request, argument) : LiveUpdateError.BadDescriptor;

    /// <inheritdoc/>
    protected override LiveUpdateError Close(string slot)
    {
        if (At(slot) is not { } descriptor)
            return LiveUpdateError.BadDescriptor;
        _slots[slot] = null;
        _open.Remove(descriptor);
        return Try(() => CloseDescriptor(descriptor));
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Limit(ulong limit) => NativeFile.LimitDescriptors(limit, HardLimit);

    /// <inheritdoc/>
    protected override LiveUpdateError Duplicate(string slot, string old)
    {
        _slots.Remove(slot, out object? before);
        object? descriptor = old == slot ? before : At(old);
        if (descriptor is SafeFileHandle file)
        {
            LiveUpdateError error = NativeFile.Duplicate(file, out SafeFileHandle? copy);
            Assign(slot, copy);
            return error;
        }

        return descriptor switch
        {
            KernelDevice device => Try(() => Keep(slot, KernelDevice.FromDescriptor(device.DuplicateDescriptor()))),
            KernelSession session => Try(() => Keep(slot, KernelDevice.FromSessionDescriptor(session.DuplicateDescriptor()))),
            _ => LiveUpdateError.BadDescriptor,
        };
    }

    /// <inheritdoc/>
    protected override SafeFileHandle? FileAt(string slot) => DescriptorAt(slot);

    /// <inheritdoc/>
    protected override LiveUpdateError Assign(string? slot, SafeFileHandle? file)
    {
        if (file is not null)
            _open.Add(file);
        if (slot is not null)
            _slots[slot] = file;
        return LiveUpdateError.None;
    }

    private static LiveUpdateError Try(Action operation)
    {
        try
        {
            operation();
            return LiveUpdateError.None;
        }
        catch (LiveUpdateException exception)
        {
            return exception.Error;
        }
    }

    private static void CloseDescriptor(object descriptor)
    {
        if (descriptor is KernelSession session)
            session.Close();
        else
            ((IDisposable)descriptor).Dispose();
    }

    private object? At(string slot) => _slots.GetValueOrDefault(slot);

    private SafeFileHandle? DescriptorAt(string slot) => At(slot) switch
    {
        KernelDevice device => device.Descriptor,
        KernelSession session => session.Descriptor,
        var file => file as SafeFileHandle,
    };

    private void Keep(string slot, object descriptor)
    {
        _open.Add(descriptor);
        _slots[slot] = descriptor;
    }
}
