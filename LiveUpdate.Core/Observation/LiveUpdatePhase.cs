namespace LiveUpdate;

/// <summary>One phase of an update.</summary>
/// <param name="Name">The phase: <c>prepare</c>, <c>freeze</c>, <c>serialize</c>, <c>hand-over</c> or <c>boot</c>.</param>
/// <param name="Start">When it began, counted from the call of the hand-over.</param>
/// <param name="Duration">How long it took.</param>
public readonly record struct LiveUpdatePhase(string Name, TimeSpan Start, TimeSpan Duration);
