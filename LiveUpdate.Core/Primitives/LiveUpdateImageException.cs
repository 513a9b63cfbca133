namespace LiveUpdate;

/// <summary>
/// What the previous generation handed over is damaged, or of a version this library does not read (reference O-04).
/// </summary>
/// <remarks>Not recoverable: the orchestrator that met it disables itself and never goes on with an empty state.</remarks>
public sealed class LiveUpdateImageException : Exception
{
    /// <summary>Makes an exception without details.</summary>
    public LiveUpdateImageException()
        : base("The image that was handed over is damaged.")
    {
    }

    /// <summary>Makes an exception with a message alone.</summary>
    /// <param name="message">What is damaged.</param>
    public LiveUpdateImageException(string? message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with a message and a cause.</summary>
    /// <param name="message">What is damaged.</param>
    /// <param name="innerException">The cause.</param>
    public LiveUpdateImageException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes an exception that says where the image is damaged and how.</summary>
    /// <param name="error">The errno that the kernel's reader gives in this case.</param>
    /// <param name="structure">The structure, e.g. <c>session block</c>.</param>
    /// <param name="address">Where it lies; <see cref="PhysicalAddress.None"/> if it has no address.</param>
    /// <param name="offset">The offset in bytes of the bad field within the structure.</param>
    /// <param name="expected">What the field must be.</param>
    /// <param name="found">What it is.</param>
    /// <param name="innerException">The cause, if another exception was it.</param>
    public LiveUpdateImageException(
        LiveUpdateError error,
        string structure,
        PhysicalAddress address,
        int offset,
        string expected,
        string found,
        Exception? innerException = null)
        : base($"{structure}{(address.IsNone ? "" : $" at {address}")}, offset {offset}: expected {expected}, found {found} ({Errno.Name(error)}).", innerException)
    {
        Error = error;
        Structure = structure;
        Address = address;
        Offset = offset;
        Expected = expected;
        Found = found;
    }

    /// <summary>The errno that the kernel's reader gives in this case.</summary>
    public LiveUpdateError Error { get; } = LiveUpdateError.InvalidArgument;

    /// <summary>The structure that is damaged, e.g. <c>session block</c>; null if unknown.</summary>
    public string? Structure { get; }

    /// <summary>Where the structure lies.</summary>
    public PhysicalAddress Address { get; }

    /// <summary>The offset in bytes of the bad field within the structure.</summary>
    public int Offset { get; }

    /// <summary>What the field must be; null if unknown.</summary>
    public string? Expected { get; }

    /// <summary>What the field is; null if unknown.</summary>
    public string? Found { get; }
}
