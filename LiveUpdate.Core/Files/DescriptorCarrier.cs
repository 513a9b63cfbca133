namespace LiveUpdate;

/// <summary>
/// Carries descriptors beside preserved memory to where they cannot follow by themselves: into the kernel's own sessions. Supplied at boot.
/// </summary>
internal abstract class DescriptorCarrier : IDisposable
{
    /// <summary>Makes an outgoing session.</summary>
    /// <param name="number">Which; part of its name.</param>
    /// <exception cref="LiveUpdateException">It cannot be made.</exception>
    public abstract CarrierSession Create(uint number);

    /// <summary>Takes over the session that the generation before made under that number; again, if it was taken over and given back.</summary>
    /// <exception cref="LiveUpdateException">ENOENT: there is none. EINVAL: another process has it.</exception>
    public abstract CarrierSession Retrieve(uint number);

    /// <summary>Throws where no descriptor number is free, which a retrieval will need (reference U-21).</summary>
    /// <exception cref="LiveUpdateException">EMFILE, ENFILE.</exception>
    public abstract void CheckDescriptorFree();

    /// <inheritdoc/>
    public abstract void Dispose();
}
