using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;

namespace LiveUpdate;

/// <summary>
/// The next generation runs under another kernel: preserved memory and memfds go through a kexec in the kernel's own sessions.
/// </summary>
/// <remarks>
/// <para>The orchestrator must have been booted with <see cref="LiveUpdateOptions.Across"/> = <see cref="LiveUpdateAcross.Kernel"/>.</para>
/// <para>By the library, a hand-over returns only by throwing, and then everything is as before. The kernel freezes its sessions within the
/// call that jumps, and takes that back by itself if it refuses. After the jump every process is gone in the middle of what it was doing.</para>
/// <para>May be used again after a hand-over was called off, and by one at a time.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class KernelTarget : HandoverTarget
{
    private readonly KernelTargetOptions _options;
    private LoadedKernel? _loaded;
    private int _used;

    internal KernelTarget(KexecBy by, KernelTargetOptions options) => (By, _options) = (by, options);

    /// <summary>Who jumps into the next kernel.</summary>
    public KexecBy By { get; }

    /// <inheritdoc/>
    internal override LuoCoreTarget Kind => LuoCoreTarget.Kernel;

    /// <summary>The kernel has the files themselves, whatever has become of the descriptors' numbers.</summary>
    internal override bool ChecksDescriptors => false;

    /// <inheritdoc/>
    internal override Action<CancellationToken>? Quiesce => _options.Quiesce;

    /// <inheritdoc/>
    internal override Action? Resume => _options.Resume;

    /// <summary>By the caller: called frozen and serialized, returns when the update is aborted.</summary>
    internal Action<LiveUpdateEngine>? Waiting { get; init; }

    /// <summary>Test seam: called frozen and serialized, just before the jump.</summary>
    internal Action? Jumping { get; init; }

    /// <summary>The same target, for one prepared update.</summary>
    internal KernelTarget ForPreparing(Action<LiveUpdateEngine> waiting) => new(By, _options) { Waiting = waiting };

    /// <inheritdoc/>
    internal override IReadOnlyList<PreflightFinding> Preflight(LiveUpdateEngine engine)
    {
        if (engine.Carrier is not KernelCarrier carrier)
        {
            return
            [
                new PreflightFinding(
                    "not-across-kernel",
                    PreflightSeverity.Blocking,
                    "The orchestrator was booted for updates of the process: its memory and its descriptors are in no session of the kernel's.",
                    "Boot it with Across = LiveUpdateAcross.Kernel."),
            ];
        }

        // The device is open here, and what is preserved has its pages already.
        var look = new KernelPreflightOptions
        {
            DevicePath = carrier.DevicePath,
            OpensDevice = false,
            ImagePath = _options.Image?.Path,
            LoadsImage = _options.Image is not null,
            Jumps = By == KexecBy.Library,
            Sessions = engine.Carried!.Count + 1,
        };
        return KernelPreflight.Run(look);
    }

    /// <inheritdoc/>
    internal override void Prepare(LiveUpdateEngine engine, HandoverRun run, CancellationToken cancellationToken)
    {
        HandoverPreflight.Require(engine, this, Preflight(engine));
        if (Interlocked.Exchange(ref _used, 1) != 0)
            throw new InvalidOperationException("Another hand-over uses this target.");
        try
        {
            _options.BeforeKexec?.Invoke();
            if (_options.Image is { } image)
                _loaded = LoadedKernel.Load(image);
        }
        catch
        {
            Volatile.Write(ref _used, 0);
            throw;
        }
    }

    /// <inheritdoc/>
    internal override void Transfer(LiveUpdateEngine engine, HandoverRun run)
    {
        if (Waiting is { } waiting)
        {
            waiting(engine);
            throw Refusal.Create(LiveUpdateError.Canceled, "prepare", "The prepared update was aborted.");
        }

        Jumping?.Invoke();
        throw Jump();
    }

    /// <summary>Jumps into the kernel that is loaded.</summary>
    /// <returns>Why it did not; everything is as before.</returns>
    internal static LiveUpdateException Jump()
    {
        _ = Libc.Reboot(Libc.RB_KEXEC);
        var error = (LiveUpdateError)Marshal.GetLastPInvokeError();
        return Refusal.Create(error, "hand over", $"The kernel did not jump: {Explain(error)}");
    }

    /// <inheritdoc/>
    internal override void Release(LiveUpdateEngine engine)
    {
        _loaded?.Dispose();
        _loaded = null;
        Volatile.Write(ref _used, 0);
    }

    private static string Explain(LiveUpdateError error) => error switch
    {
        LiveUpdateError.InvalidArgument => "no image is loaded. Load one with kexec_file_load, or name it in the target's options.",
        LiveUpdateError.NotPermitted => "that takes the capability CAP_SYS_BOOT.",
        LiveUpdateError.Busy => "somebody else loads or starts a kernel.",
        _ => "a file of some session did not freeze.",
    };
}
