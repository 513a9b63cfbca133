namespace LiveUpdate;

/// <summary>What the garbage collector of a process did within the pause of an update.</summary>
/// <param name="Generation0">Collections of generation 0, those of higher generations included.</param>
/// <param name="Generation1">Collections of generation 1, those of generation 2 included.</param>
/// <param name="Generation2">Collections of generation 2.</param>
/// <param name="Pause">For how long it stopped the process's threads.</param>
/// <param name="WasHeldOff">
/// Whether collections were held off (<see cref="LiveUpdateOptions.NoCollectionBytes"/>). False where that was not asked for or not possible.
/// </param>
public readonly record struct LiveUpdateCollections(int Generation0, int Generation1, int Generation2, TimeSpan Pause, bool WasHeldOff);
