using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>Asks the real device.</summary>
/// <remarks>Slots hold devices, sessions and files; all of them stay open until the scenario closes them, or this process ends.</remarks>
[SupportedOSPlatform("linux")]
internal sealed class KernelMachine : ClientMachine
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
    protected override LiveUpdateDevice OpenDevice() => KernelDevice.Open();

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
            KernelDevice device => Keep(slot, () => KernelDevice.FromDescriptor(device.DuplicateDescriptor())),
            KernelSession session => Keep(slot, () => KernelDevice.FromSessionDescriptor(session.DuplicateDescriptor())),
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

    /// <inheritdoc/>
    protected override object? At(string slot) => _slots.GetValueOrDefault(slot);

    /// <inheritdoc/>
    protected override LiveUpdateError Keep(string slot, Func<object> open) => Try(() =>
    {
        object descriptor = open();
        _open.Add(descriptor);
        _slots[slot] = descriptor;
    });

    private SafeFileHandle? DescriptorAt(string slot) => At(slot) switch
    {
        KernelDevice device => device.Descriptor,
        KernelSession session => session.Descriptor,
        var file => file as SafeFileHandle,
    };
}
