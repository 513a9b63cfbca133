namespace LiveUpdate;

/// <summary>One phase of an update; each begins when the one before it ends.</summary>
/// <param name="Name">
/// The phase. In the process that hands over: <c>prepare</c>, <c>start</c> (until the successor says hello), <c>transfer</c> (memory and
/// descriptors), <c>quiesce</c> (the program's own, where it has one), <c>gate</c> (until the operations under way have ended), then the
/// pause: <c>freeze</c>, <c>serialize</c>, and as the target has them <c>hand-over</c>, <c>verify</c> (the next generation boots and
/// verifies) and <c>commit</c>. In the next generation: <c>prepare</c>, all that was before the pause; <c>freeze</c>, <c>serialize</c>,
/// <c>hand-over</c> (until it began to read), <c>attach</c>, <c>verify</c>, <c>commit</c> and <c>activate</c>.
/// </param>
/// <param name="Start">When it began, counted from the call of the hand-over.</param>
/// <param name="Duration">How long it took.</param>
public readonly record struct LiveUpdatePhase(string Name, TimeSpan Start, TimeSpan Duration);
