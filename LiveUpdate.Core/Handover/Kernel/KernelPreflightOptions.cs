using System.Runtime.InteropServices;

namespace LiveUpdate;

/// <summary>What an update of the kernel is to be looked at for.</summary>
public sealed class KernelPreflightOptions
{
    private string _devicePath = "/dev/liveupdate";

    /// <summary>The kernel's control device.</summary>
    /// <exception cref="ArgumentException">Null or empty.</exception>
    public string DevicePath
    {
        get => _devicePath;
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            _devicePath = value;
        }
    }

    /// <summary>
    /// Whether the device is opened for a moment, which finds out whether it is in use and whether the last hand-over can be read; true by
    /// default. A program that has it open sets false.
    /// </summary>
    public bool OpensDevice { get; set; } = true;

    /// <summary>The image of the kernel that is to follow (<see cref="KernelAbi.OfImage"/>); null if it is not known.</summary>
    public string? ImagePath { get; set; }

    /// <summary>Whether this process is to load the image itself, so that none needs to be loaded yet.</summary>
    public bool LoadsImage { get; set; }

    /// <summary>
    /// Whether this process is to start the next kernel itself: an image that is not loaded, or a missing permission, refuses the hand-over then.
    /// </summary>
    public bool Jumps { get; set; }

    /// <summary>The memfds that are to be preserved; the caller keeps them.</summary>
    public IList<SafeHandle> Memfds { get; } = [];

    /// <summary>How many sessions will be open at once, each of which is a descriptor.</summary>
    public int Sessions { get; set; } = 1;
}
