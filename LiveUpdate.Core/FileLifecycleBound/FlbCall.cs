using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>What a callback of an FLB gets and gives back; the contexts are views of it.</summary>
internal struct FlbCall
{
    public KexecHandover Memory;
    public ulong Data;
    public object? Object;
}
