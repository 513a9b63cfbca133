namespace LiveUpdate.Tests.Orchestrator;

/// <summary>One operation of a random life. What it is aimed at, <see cref="ModelLife.Aim"/> makes of the numbers.</summary>
internal readonly record struct LifeStep(LifeOperation Operation, int Session, int Token, int File, bool Fails);
