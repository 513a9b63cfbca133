using LiveUpdate.Kho;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>Boot record, device tree and the tree of preserved pages, as the first step of a boot reads them (reference 2.8, 2.9).</summary>
internal sealed class PageMapTarget : FuzzTarget
{
    private readonly DamagedMemory _memory = HandedOver.Make(files: 6, static (kho, page) => !kho.IsIncoming(page, 1));

    public override string Name => "page-map";

    public override int MaxLength => DamagedMemory.MaxLength;

    public override int Cost => 4;

    public override IReadOnlyList<byte[]> Seeds => DamagedMemory.Seeds;

    public override string Run(ReadOnlyMemory<byte> input)
    {
        _memory.Damage(input.Span);
        try
        {
            using KexecHandover next = KexecHandover.Attach(_memory.Memory);
            return next.TryGetSubtree("LUO", out _) ? Read : "nothing handed over";
        }
        catch (LiveUpdateImageException)
        {
            return Refused;
        }
    }

    protected override void Dispose(bool disposing)
    {
        _memory.Dispose();
        base.Dispose(disposing);
    }
}
