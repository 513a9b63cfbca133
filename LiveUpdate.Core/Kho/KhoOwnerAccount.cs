namespace LiveUpdate.Kho;

/// <summary>An owner's line in a <see cref="KhoAccount"/>.</summary>
/// <param name="Name">The name of the owner.</param>
/// <param name="Pages">The pages it holds, of 4096 bytes.</param>
public readonly record struct KhoOwnerAccount(string Name, long Pages);
