using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// What a boot across a kernel takes from the kernel, and gives it back for the next one: nothing there is carried on by itself.
/// </summary>
/// <remarks>
/// <para>The order: the session with the orchestrator's memory is retrieved, then its segments, one token each; they are mapped and read
/// (<see cref="OpenMemory"/>); the sessions with descriptors are retrieved (<see cref="Check"/>). Up to here nothing is taken: a session
/// whose object is disposed is parked with its descriptor open. <see cref="Renew"/> finishes the memory's session, which loses nothing since
/// every segment is open here, and preserves the segments in a new one. <see cref="Adopt"/> comes after the orchestrator has become the
/// owner.</para>
/// <para>A boot that throws can be repeated within the process. The end of the process ends all its sessions, and the next one starts cold.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class KernelBoot : IDisposable
{
    private const string Structure = "the kernel's session";

    private static readonly Lock s_lock = new();

    // Segments whose session is finished while they are in no other yet. A boot that fails there is repeated with them.
    private static (string Session, SafeFileHandle[] Segments)? s_parked;

    private readonly string _name;
    private readonly KernelDevice _device;
    private readonly KernelCarrier _carrier;
    private KernelSession? _incoming;
    private SegmentedMemory? _memory;
    private bool _hasArrived;
    private bool _isCarrierGiven;

    private KernelBoot(string path, string name, KernelDevice device) =>
        (_name, _device, _carrier) = (name, device, new KernelCarrier(device, path, name));

    /// <summary>Opens the device.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="name">The name of the session with the orchestrator's memory.</param>
    /// <exception cref="LiveUpdateException">ENODEV, EBUSY, EIO, EACCES, EPERM, EMFILE: see <see cref="KernelDevice.Open"/>.</exception>
    public static KernelBoot Begin(string path, string name) => new(path, name, KernelDevice.Open(path));

    /// <summary>Test seam: called before the segments are preserved anew, when their old session is finished.</summary>
    internal static Action? Renewing { get; set; }

    /// <summary>Maps what came, or makes memory for a cold start.</summary>
    /// <param name="maxBytes">The length it may grow to.</param>
    /// <exception cref="LiveUpdateImageException">What came is no memory of a generation.</exception>
    /// <exception cref="LiveUpdateException">The kernel refuses; EINVAL: another process has the session.</exception>
    public KhoMemory OpenMemory(long maxBytes)
    {
        if (FindSegments() is not { } segments)
        {
            _carrier.Memory = (KernelSession)_device.CreateSession(_name);
            return _memory = SegmentedMemory.Create(maxBytes, new KernelSegments(_carrier.Memory));
        }

        _hasArrived = true;
        try
        {
            return _memory = SegmentedMemory.Open(segments, maxBytes);
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.InvalidArgument)
        {
            throw Bad("segments of preserved memory", exception.Message, exception);
        }
    }

    /// <summary>Checks that the memory is of a hand-over across a kernel, and takes over the sessions with its descriptors.</summary>
    /// <exception cref="LiveUpdateImageException">It is not, or one of them is not there.</exception>
    /// <exception cref="LiveUpdateException">The kernel refuses.</exception>
    public void Check(LiveUpdateEngine engine)
    {
        engine.UseCarrier(_carrier);
        _isCarrierGiven = true;
        if (!_hasArrived)
            return;
        if (engine.Image is not { Carrier: { } record } image || image.Core?.Target != LuoCoreTarget.Kernel)
        {
            throw Bad(
                "the memory of an orchestrator that was handed over",
                "one that was not: the kernel was replaced without a hand-over, and what was preserved is as it was in the middle of its work");
        }

        DescriptorSlotSer?[] slots = image.ReadSlots();
        engine.Carried!.Load(record, image.CarriedSessions, slots);
        engine.Descriptors.SetCarried(slots);
    }

    /// <summary>Has the memory travel on with the next update.</summary>
    /// <exception cref="LiveUpdateException">The kernel refuses; the segments are kept for another attempt.</exception>
    public void Renew()
    {
        if (!_hasArrived)
            return;
        Park();
        Finish();

        Renewing?.Invoke();
        _carrier.Memory = (KernelSession)_device.CreateSession(_name);
        _memory!.Carry(new KernelSegments(_carrier.Memory));
    }

    /// <summary>The orchestrator owns everything from here on.</summary>
    public void Adopt()
    {
        _carrier.IsAdopted = true;
        Unpark();
    }

    /// <summary>Ends a boot that failed: what came is parked.</summary>
    public void Dispose()
    {
        _incoming?.Dispose();
        if (!_isCarrierGiven)
            _carrier.Dispose();
    }

    private void Finish()
    {
        if (_incoming is not { } incoming)
            return;
        try
        {
            incoming.Finish();
        }
        catch
        {
            // Still in their session, which is parked: they must not be taken for those of one that is finished.
            Unpark();
            throw;
        }

        incoming.Close();
        _incoming = null;
    }

    private List<SafeFileHandle>? FindSegments()
    {
        lock (s_lock)
        {
            if (s_parked is { } parked && parked.Session == _name)
                return [.. parked.Segments.Select(DescriptorInfo.Duplicate)];
        }

        try
        {
            _incoming = (KernelSession)_device.RetrieveSession(_name);
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.NotFound)
        {
            return null;
        }

        var segments = new List<SafeFileHandle>();
        try
        {
            while (_incoming.TryRetrieve((ulong)segments.Count, out SafeFileHandle? segment))
                segments.Add(segment);
        }
        catch
        {
            segments.ForEach(static segment => segment.Dispose());
            throw;
        }

        return segments.Count > 0 ? segments : throw Bad("a segment of preserved memory under token 0", "none");
    }

    private void Park()
    {
        lock (s_lock)
            s_parked ??= (_name, [.. _memory!.Segments.Select(DescriptorInfo.Duplicate)]);
    }

    private static void Unpark()
    {
        lock (s_lock)
        {
            foreach (SafeFileHandle segment in s_parked?.Segments ?? [])
                segment.Dispose();
            s_parked = null;
        }
    }

    private LiveUpdateImageException Bad(string expected, string found, Exception? inner = null) =>
        new(LiveUpdateError.InvalidArgument, $"{Structure} \"{_name}\"", PhysicalAddress.None, 0, expected, found, inner);
}
