namespace LiveUpdate.Tests.Infrastructure;

/// <summary>A file of the scenarios: a number, and the kind that decides which handler takes it.</summary>
internal sealed class TestFile(int number, string kind = TestFile.DefaultKind)
{
    /// <summary>The kind of file that <see cref="RecordingHandler"/> takes unless it is told another.</summary>
    public const string DefaultKind = "H";

    public int Number { get; } = number;

    public string Kind { get; } = kind;

    public override string ToString() => $"{Kind}{Number}";
}
