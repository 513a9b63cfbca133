using System.Runtime.InteropServices;

namespace LiveUpdate.TestHost.Survival;

/// <summary>The number of a handle that stays open meanwhile.</summary>
internal readonly ref struct HeldHandle
{
    private readonly SafeHandle _handle;

    public HeldHandle(SafeHandle handle)
    {
        bool held = false;
        handle.DangerousAddRef(ref held);
        _handle = handle;
    }

    public int Number => (int)_handle.DangerousGetHandle();

    public void Dispose() => _handle.DangerousRelease();
}
