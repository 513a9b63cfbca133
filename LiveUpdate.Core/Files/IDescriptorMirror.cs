using System.Runtime.InteropServices;

namespace LiveUpdate;

/// <summary>
/// Follows the descriptors that travel while the next generation is there already. Called under the table's lock, and never throws.
/// </summary>
internal interface IDescriptorMirror
{
    /// <summary>The descriptors at the beginning, by slot; null where a slot is free.</summary>
    void Begin(IReadOnlyList<SafeHandle?> descriptors);

    /// <summary>A descriptor was added.</summary>
    void Added(int slot, SafeHandle descriptor);

    /// <summary>A descriptor was removed; returns when no copy of it is left on the other side.</summary>
    void Removed(int slot);
}
