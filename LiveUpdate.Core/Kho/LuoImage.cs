using LiveUpdate.Serialization;

namespace LiveUpdate.Kho;

/// <summary>What an orchestrator handed over, read as a whole to be looked at: sessions, files, FLBs (reference 2.2 to 2.7).</summary>
/// <remarks>For tools and tests; the orchestrator reads its own way. Nothing is trusted, nothing is changed. Immutable.</remarks>
public sealed class LuoImage
{
    internal LuoImage()
    {
    }

    /// <summary>The root record.</summary>
    public LuoRoot Root { get; internal init; }

    /// <summary>The file-lifecycle-bound objects, in the order of the image.</summary>
    public required IReadOnlyList<FlbRecord> Flbs { get; init; }

    /// <summary>The sessions, in the order of the image.</summary>
    public required IReadOnlyList<LuoImageSession> Sessions { get; init; }

    /// <summary>Reads what an orchestrator handed over.</summary>
    /// <param name="memory">The image, or the incoming side of a generation.</param>
    /// <returns>Null if there is no entry <c>LUO</c> in the device tree.</returns>
    /// <exception cref="LiveUpdateImageException">
    /// A structure is damaged: EINVAL, or ENOSPC for a chain of more than 10 000 blocks (reference ). Two
    /// structures that refer to the same memory are damage too.
    /// </exception>
    /// <exception cref="ArgumentNullException"><paramref name="memory"/> is null.</exception>
    public static LuoImage? Read(IIncomingMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return new LuoImageReader(memory).Read();
    }
}
