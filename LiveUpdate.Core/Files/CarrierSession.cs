using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>One session of a <see cref="DescriptorCarrier"/>. Disposing an outgoing one unpreserves all of it.</summary>
internal abstract class CarrierSession : IDisposable
{
    /// <summary>Its name.</summary>
    public abstract string Name { get; }

    /// <summary>Its descriptor: whoever holds it open keeps what is in it.</summary>
    public abstract SafeFileHandle Handle { get; }

    /// <summary>Has a descriptor travel; there is no way back but to dispose the session.</summary>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP: a kind that cannot travel. What the carrier refuses with else.</exception>
    public abstract void Preserve(ulong token, SafeHandle file);

    /// <summary>A new descriptor of what travelled under a token; owned by the caller.</summary>
    /// <exception cref="LiveUpdateException">ENOENT: there is none. What the carrier refuses with else.</exception>
    public abstract SafeFileHandle Retrieve(ulong token);

    /// <summary>Ends the work of an incoming session: what was not retrieved is dropped.</summary>
    /// <exception cref="LiveUpdateException">The carrier refuses.</exception>
    public abstract void Finish();

    /// <inheritdoc/>
    public abstract void Dispose();
}
