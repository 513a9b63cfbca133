namespace LiveUpdate;

/// <summary>How a client of the real device goes about what the kernel does badly (reference 4.12).</summary>
public sealed class KernelDeviceOptions
{
    /// <summary>
    /// Whether a memfd that must not become executable is preserved as a copy. The kernel gives such a memfd (made with
    /// <c>MFD_NOEXEC_SEAL</c>, or by default where <c>vm.memfd_noexec</c> is 1) back executable and sealed against writing (M-24); without
    /// this option it is refused.
    /// </summary>
    /// <remarks>
    /// The copy has the content, size, position and other seals that the memfd has when it is preserved; what is written to the memfd
    /// later does not reach the next kernel. Without a seal against execution, it can be executed there. A memfd that is preserved twice
    /// is copied twice, and not refused with EBUSY.
    /// </remarks>
    public bool CopyNonExecutableMemfds { get; set; }

    internal KernelDeviceOptions Clone() => new() { CopyNonExecutableMemfds = CopyNonExecutableMemfds };
}
