namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>One of the three FLBs that the kernel's own test module binds to every file, with the same name and data.</summary>
internal sealed class TestFlb(int index, Action<string> report) : Flb<object>($"liveupdate-test-flb-v{index}")
{
    /// <summary>How many there are.</summary>
    public const int Number = 3;

    private const ulong Magic = 0xFEED_F00D_CAFE_BEE0;

    private readonly DataHandle _data = new(Magic + (ulong)index);

    /// <inheritdoc/>
    protected override void Preserve(ref FlbPreserveContext<object> context)
    {
        context.Data = _data;
        Report("preserve");
    }

    /// <inheritdoc/>
    protected override void Unpreserve(in FlbContext<object> context) => Report("unpreserve");

    /// <inheritdoc/>
    protected override object Retrieve(ref FlbRetrieveContext context)
    {
        Report(context.Data == _data ? "retrieve" : "ERROR");
        return this;
    }

    /// <inheritdoc/>
    protected override void Finish(in FlbContext<object> context) => Report(context.Value == this ? "finish" : "ERROR");

    private void Report(string what) => report($"flb{index} {what}");
}
