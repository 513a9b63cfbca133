using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>Descriptors that arrived over a socket. It owns them: what is not taken is closed with it. Not safe for threads.</summary>
[SupportedOSPlatform("linux")]
public sealed class ReceivedDescriptors : IDisposable
{
    private readonly List<SafeFileHandle> _handles = [];
    private int _taken;

    /// <summary>How many are here and not taken.</summary>
    public int Count => _handles.Count - _taken;

    internal List<SafeFileHandle> Handles => _handles;

    /// <summary>Takes the first of them, in the order in which they were sent.</summary>
    /// <returns>A descriptor with close-on-exec set, owned by the caller.</returns>
    /// <exception cref="InvalidOperationException">None is left.</exception>
    public SafeFileHandle Take()
    {
        if (Count == 0)
            throw new InvalidOperationException("Every descriptor that arrived has been taken.");
        SafeFileHandle handle = _handles[_taken++];
        if (Count == 0)
            Forget();
        return handle;
    }

    /// <summary>Closes those that are not taken. Does nothing when called again; more can be received afterwards.</summary>
    public void Dispose()
    {
        for (int i = _taken; i < _handles.Count; i++)
            _handles[i].Dispose();
        Forget();
    }

    private void Forget()
    {
        _handles.Clear();
        _taken = 0;
    }
}
