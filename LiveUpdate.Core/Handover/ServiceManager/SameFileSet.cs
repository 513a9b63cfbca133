using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// The open files that are in the store. The service manager keeps an open file once: a second descriptor of it, under another number,
/// would be dropped without a word.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class SameFileSet
{
    private readonly Dictionary<(ulong Device, ulong Inode), SortedSet<SafeHandle>> _byInode = [];
    private readonly Dictionary<int, (SafeHandle Handle, (ulong, ulong) Inode)> _byNumber = [];
    private bool _cannotCompare;

    /// <summary>Adds a descriptor.</summary>
    /// <param name="descriptor">The descriptor; its number stays open until <see cref="Remove"/>.</param>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP: another one is the same open file.</exception>
    public void Add(SafeHandle descriptor)
    {
        if (_cannotCompare)
            return;
        (ulong, ulong) inode = DescriptorInfo.Identify(descriptor);
        ref SortedSet<SafeHandle>? files = ref CollectionsMarshal.GetValueRefOrAddDefault(_byInode, inode, out _);
        files ??= new SortedSet<SafeHandle>(OpenDescriptionComparer.Instance);
        var bare = new SafeFileHandle(descriptor.DangerousGetHandle(), ownsHandle: false);
        try
        {
            if (files.TryGetValue(bare, out SafeHandle? other))
                throw Twice(other.DangerousGetHandle(), bare.DangerousGetHandle());
            files.Add(bare);
            _byNumber[(int)bare.DangerousGetHandle()] = (bare, inode);
        }
        catch (LiveUpdateException exception) when (exception.Operation is null)
        {
            // The system does not compare, as under a seccomp filter: the count of what the store holds has to tell.
            _cannotCompare = true;
        }
    }

    /// <summary>Removes a descriptor, while it is still open.</summary>
    public void Remove(int number)
    {
        if (_cannotCompare || !_byNumber.Remove(number, out (SafeHandle Handle, (ulong, ulong) Inode) entry))
            return;
        SortedSet<SafeHandle> files = _byInode[entry.Inode];
        files.Remove(entry.Handle);
        if (files.Count == 0)
            _byInode.Remove(entry.Inode);
    }

    private static LiveUpdateException Twice(nint one, nint other) => Refusal.Create(
        LiveUpdateError.NotSupported,
        "hand over",
        $"Descriptors {one} and {other} are one open file, which the service manager keeps once. Preserve it under one number.");
}
