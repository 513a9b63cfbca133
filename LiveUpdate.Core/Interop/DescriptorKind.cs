using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace LiveUpdate.Interop;

/// <summary>Tells the descriptors that are of no use in another process.</summary>
[SupportedOSPlatform("linux")]
internal static class DescriptorKind
{
    private const string AnonymousInode = "anon_inode:";

    /// <summary>Throws if a descriptor is bound to the process, or the address space, that opened it.</summary>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP: it is; or nobody can say, because <c>/proc</c> is not mounted.</exception>
    public static void ThrowIfBoundToProcess(SafeHandle file)
    {
        string? link = DescriptorInfo.LinkText(file);
        if (link is null)
        {
            if (DescriptorInfo.FileSystemType(file) == Libc.ANON_INODE_FS_MAGIC)
                throw NotSupported("An anonymous inode whose kind cannot be read, as /proc is not mounted, cannot be preserved.");
        }
        else if (link.StartsWith(AnonymousInode, StringComparison.Ordinal) && ReasonAgainst(link[AnonymousInode.Length..]) is { } reason)
        {
            throw NotSupported($"A descriptor of the kind \"{link}\" cannot be preserved: {reason}");
        }
    }

    private static string? ReasonAgainst(string kind) => kind switch
    {
        _ when kind.StartsWith("kvm-", StringComparison.Ordinal) =>
            "KVM answers EIO to every process but the one that made the virtual machine. Save its state, and make it anew.",
        "[userfaultfd]" => "it handles the page faults of the address space that made it.",
        "[io_uring]" => "its rings are mapped into, and its requests belong to, the process that made it.",
        "[eventpoll]" => "it reports by the descriptor numbers of the process that added them. Make it anew.",
        "[signalfd]" => "it reads the signals of whoever reads it, with a mask that process does not block. Make it anew.",
        _ => null,
    };

    private static LiveUpdateException NotSupported(string message) => new(LiveUpdateError.NotSupported, message);
}
