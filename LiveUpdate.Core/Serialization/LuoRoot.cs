namespace LiveUpdate.Serialization;

/// <summary>What the root record of a handover says (reference 2.2).</summary>
/// <param name="LiveUpdateNumber">The number of the handover, 1 in the first.</param>
/// <param name="Sessions">The first session block; <see cref="PhysicalAddress.None"/> if there is no session.</param>
/// <param name="Flbs">The FLB page; <see cref="PhysicalAddress.None"/> if there is none.</param>
public readonly record struct LuoRoot(ulong LiveUpdateNumber, PhysicalAddress Sessions, PhysicalAddress Flbs);
