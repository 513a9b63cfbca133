namespace LiveUpdate.Benchmarks;

/// <summary>The user's object: what is preserved.</summary>
public sealed class FileObject(int number)
{
    public int Number { get; } = number;
}
