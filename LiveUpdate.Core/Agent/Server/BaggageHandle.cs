using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>
/// A descriptor of the agent's own that goes to its successor. Its type is the sign: what comes from a client never has it.
/// </summary>
/// <remarks>It owns nothing; the descriptor behind it stays open as long as this is.</remarks>
internal sealed class BaggageHandle : SafeHandleMinusOneIsInvalid
{
    private readonly SafeHandle _owner;

    /// <summary>Makes one of an open descriptor.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public BaggageHandle(SafeHandle owner)
        : base(ownsHandle: true)
    {
        bool added = false;
        owner.DangerousAddRef(ref added);
        _owner = owner;
        SetHandle(owner.DangerousGetHandle());
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        _owner.DangerousRelease();
        return true;
    }
}
