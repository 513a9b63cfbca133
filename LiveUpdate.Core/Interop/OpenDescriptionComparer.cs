using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

/// <summary>Orders descriptors by the open file description behind them: equal means that they share one (reference H-02).</summary>
internal sealed class OpenDescriptionComparer : IComparer<SafeHandle>
{
    /// <summary>The one comparer.</summary>
    public static readonly OpenDescriptionComparer Instance = new();

    /// <inheritdoc/>
    /// <exception cref="LiveUpdateException">
    /// EOPNOTSUPP: the system refuses to compare, as a seccomp filter may; EBADF: a descriptor is not open.
    /// </exception>
    public int Compare(SafeHandle? x, SafeHandle? y)
    {
        if (ReferenceEquals(x, y))
            return 0;
        if (x is null || y is null)
            return x is null ? -1 : 1;
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("Only Linux has open file descriptions to compare.");
        int result = Libc.Kcmp(Environment.ProcessId, Environment.ProcessId, Libc.KCMP_FILE, x, y);
        return result switch
        {
            0 => 0,
            1 => -1,
            2 => 1,
            < 0 when Marshal.GetLastPInvokeError() == (int)LiveUpdateError.BadDescriptor =>
                throw new LiveUpdateException(LiveUpdateError.BadDescriptor, "Of two descriptors to compare one is not open."),
            _ => throw new LiveUpdateException(
                LiveUpdateError.NotSupported,
                "The system does not say whether two descriptors are one open file description: kcmp(KCMP_FILE) is refused."),
        };
    }
}
