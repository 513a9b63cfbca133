using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>The descriptor of a session of the real device, with what only its holder knows about it.</summary>
/// <param name="handle">The descriptor.</param>
/// <param name="isShared">Whether it came from elsewhere, so that others may hold duplicates.</param>
[SupportedOSPlatform("linux")]
internal sealed class KernelDescriptor(SafeFileHandle handle, bool isShared)
{
    private volatile bool _isShared = isShared;
    private volatile bool _isFinished;

    /// <summary>The descriptor.</summary>
    public SafeFileHandle Handle { get; } = handle;

    /// <summary>Whether there may be duplicates of it, and so its close may not be the session's last (S-25).</summary>
    public bool IsShared => _isShared;

    /// <summary>Whether its session was finished through it.</summary>
    public bool IsFinished => _isFinished;

    /// <summary>Remembers that a duplicate was given away.</summary>
    public void MarkShared() => _isShared = true;

    /// <summary>Remembers that the kernel agreed to finish.</summary>
    public void MarkFinished() => _isFinished = true;
}
