namespace LiveUpdate.Samples.Rendering;

/// <summary>A table; without a head if no column has a name.</summary>
internal sealed record PageTable(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<PageCell>> Rows) : PageBlock
{
    /// <summary>Whether the columns have names.</summary>
    public bool HasHead => Columns.Any(static column => column.Length > 0);
}
