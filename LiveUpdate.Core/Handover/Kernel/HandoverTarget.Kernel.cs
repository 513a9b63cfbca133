using System.Runtime.Versioning;

namespace LiveUpdate;

/// <content>The target across a kernel.</content>
public abstract partial class HandoverTarget
{
    /// <summary>
    /// Replaces the kernel: preserved memory and memfds go through a kexec. By the library, the hand-over returns only by throwing; by the
    /// caller, it is prepared (<see cref="LiveUpdateOrchestrator.Prepare"/>) and carried out by somebody else.
    /// </summary>
    /// <param name="by">Who jumps into the next kernel.</param>
    /// <param name="options">What is loaded, and what comes before; null for the kernel that is loaded already.</param>
    /// <remarks>
    /// The hand-over is refused with EOPNOTSUPP unless the orchestrator was booted across the kernel; with EINVAL when no kernel is loaded;
    /// with EPERM without CAP_SYS_BOOT; with EBUSY while somebody else loads one; and with the errno of a file that does not freeze.
    /// </remarks>
    [SupportedOSPlatform("linux")]
    public static KernelTarget Kernel(KexecBy by = KexecBy.Library, KernelTargetOptions? options = null) => new(by, options ?? new KernelTargetOptions());
}
