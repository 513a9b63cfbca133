namespace LiveUpdate;

/// <summary>How far an update has come (<see cref="LiveUpdateOptions.Progress"/>).</summary>
/// <param name="Phase">
/// The phase that begins, as in <see cref="LiveUpdatePhase.Name"/>; <c>done</c> once the next generation has taken over, <c>called off</c>
/// when everything is as before, and <c>lost</c> when the next generation ended right after the commit.
/// </param>
/// <param name="Done">Descriptors that were sent or have arrived so far; 0 in phases that move none.</param>
/// <param name="Total">Descriptors in all; 0 where that is not known or none are moved.</param>
public readonly record struct LiveUpdateProgress(string Phase, long Done, long Total);
