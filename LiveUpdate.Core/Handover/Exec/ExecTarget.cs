using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;

namespace LiveUpdate;

/// <summary>
/// The process replaces its own image: the next generation has the same process id, the same preserved memory and the preserved descriptors
/// under the same numbers.
/// </summary>
/// <remarks>
/// <para>A hand-over with this target returns only by throwing, and then everything is as before: sessions unfrozen, every descriptor with
/// the flags it had. When it succeeds the call never comes back and every other thread is gone in the middle of what it was doing: neither
/// <c>ProcessExit</c> nor finalizers nor <c>using</c> run, so flush first (<see cref="ExecOptions.BeforeExec"/>).</para>
/// <para>Close-on-exec is cleared on the preserved descriptors last, and set on every other descriptor but 0, 1 and 2: what is not
/// preserved is closed. A child that another thread starts in that moment inherits the preserved descriptors.</para>
/// <para>The environment and the standard streams go on, and so do working directory, umask, resource limits, ignored signals and the
/// signal mask of the calling thread. Locks of <c>flock</c> and of open file descriptions stay with their descriptors; those of the process
/// (<c>fcntl</c>) stay too. Memory mappings, timers of the process and child processes' handles do not.</para>
/// <para>May be used again after a hand-over was called off, and by one at a time.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class ExecTarget : HandoverTarget
{
    private readonly ExecOptions _options;
    private ExecImage? _image;

    internal ExecTarget(ExecOptions options) => _options = options;

    /// <inheritdoc/>
    internal override LuoCoreTarget Kind => LuoCoreTarget.Exec;

    /// <inheritdoc/>
    internal override bool ChecksDescriptors => true;

    /// <summary>Test seam: called frozen and serialized, just before the image is executed.</summary>
    internal Action? Executing { get; init; }

    /// <inheritdoc/>
    internal override IReadOnlyList<PreflightFinding> Preflight(LiveUpdateEngine engine)
    {
        var findings = new List<PreflightFinding>();
        HandoverPreflight.AddIfMemoryIsPrivate(findings, engine);
        ExecCommandLine.AddIfNotExecutable(findings, _options);
        return findings;
    }

    /// <inheritdoc/>
    internal override void Prepare(LiveUpdateEngine engine, HandoverRun run, CancellationToken cancellationToken)
    {
        _options.BeforeExec?.Invoke();
        HandoverPreflight.Require(engine, this, Preflight(engine));
        var image = new ExecImage(_options, engine);
        if (Interlocked.CompareExchange(ref _image, image, null) is null)
            return;
        image.Dispose();
        throw new InvalidOperationException("Another hand-over uses this target.");
    }

    /// <inheritdoc/>
    internal override void Transfer(LiveUpdateEngine engine, HandoverRun run)
    {
        ExecImage image = _image!;
        bool socketMoved = DiagnosticsSocket.TryMove(image.DiagnosticsSocket, image.DiagnosticsSocketAside);
        int errno;
        try
        {
            Executing?.Invoke();
            image.Flags.CloseTheRest();
            image.Flags.Keep(engine.Memory.Memory.SharedFile!);
            IReadOnlyList<SafeHandle?> descriptors = engine.Descriptors.Outgoing;
            for (int slot = 0; slot < descriptors.Count; slot++)
            {
                if (descriptors[slot] is { } descriptor)
                    image.Flags.Keep(descriptor);
            }

            errno = image.Execute();
        }
        finally
        {
            image.Flags.Restore();
            if (socketMoved)
                DiagnosticsSocket.TryMove(image.DiagnosticsSocketAside, image.DiagnosticsSocket);
        }

        throw Refusal.Create((LiveUpdateError)errno, "hand over", $"Executing {image.Path} failed.");
    }

    /// <inheritdoc/>
    internal override void Release(LiveUpdateEngine engine) => Interlocked.Exchange(ref _image, null)?.Dispose();
}
