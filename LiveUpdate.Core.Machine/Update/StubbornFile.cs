namespace LiveUpdate.Machine.Update;

/// <summary>A file that does not freeze while it is told not to.</summary>
internal sealed class StubbornFile
{
    public bool Refuses { get; set; }

    public int Frozen { get; set; }

    public int Unfrozen { get; set; }
}
