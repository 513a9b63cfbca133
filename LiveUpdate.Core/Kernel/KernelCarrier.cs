using System.Globalization;
using System.Runtime.Versioning;

namespace LiveUpdate;

/// <summary>Carries descriptors in sessions of the real device, named after the orchestrator's own.</summary>
/// <remarks>
/// The device stays open: a preserve must not be refused because somebody else has it. Safe for threads, as the device is.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class KernelCarrier : DescriptorCarrier
{
    private readonly KernelDevice _device;
    private readonly string _baseName;

    /// <summary>Makes a carrier.</summary>
    /// <param name="device">Owned by the carrier from here on.</param>
    /// <param name="devicePath">Where the device is.</param>
    /// <param name="baseName">The name of the session with the orchestrator's memory.</param>
    public KernelCarrier(KernelDevice device, string devicePath, string baseName) =>
        (_device, DevicePath, _baseName) = (device, devicePath, baseName);

    /// <summary>Where the device is.</summary>
    public string DevicePath { get; }

    /// <summary>Whether what came belongs to the orchestrator: before, a session that is let go is parked for another boot, and then it ends.</summary>
    public bool IsAdopted { get; set; }

    /// <summary>The session with the orchestrator's memory; owned by the carrier.</summary>
    public KernelSession? Memory { get; set; }

    /// <inheritdoc/>
    public override CarrierSession Create(uint number) => new KernelCarrierSession(this, (KernelSession)_device.CreateSession(NameOf(number)));

    /// <inheritdoc/>
    public override CarrierSession Retrieve(uint number) =>
        new KernelCarrierSession(this, (KernelSession)_device.RetrieveSession(NameOf(number)));

    /// <inheritdoc/>
    public override void CheckDescriptorFree()
    {
        try
        {
            _device.DuplicateDescriptor().Dispose();
        }
        catch (LiveUpdateException exception)
        {
            throw new LiveUpdateException(
                exception.Error, "No descriptor is free for the file, which can be retrieved later; raise RLIMIT_NOFILE.", exception);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Memory?.Dispose();
        _device.Dispose();
    }

    private string NameOf(uint number) => string.Create(CultureInfo.InvariantCulture, $"{_baseName}.{number}");
}
