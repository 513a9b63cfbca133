namespace LiveUpdate.Samples.Rendering;

/// <summary>What a command shows, before it is known whether a terminal or a file gets it.</summary>
internal sealed class Page
{
    private readonly List<PageBlock> _blocks = [];

    /// <summary>Its parts, from the top.</summary>
    public IReadOnlyList<PageBlock> Blocks => _blocks;

    /// <summary>Adds a line.</summary>
    public Page Text(string text, Tone tone = Tone.Normal)
    {
        _blocks.Add(new PageText(text, tone));
        return this;
    }

    /// <summary>Adds a table; nothing if it has no rows.</summary>
    public Page Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<PageCell>> rows)
    {
        var table = new PageTable(columns, [.. rows]);
        if (table.Rows.Count > 0)
            _blocks.Add(table);
        return this;
    }

    /// <summary>Adds names and values.</summary>
    public Page Facts(params IEnumerable<(string Name, PageCell Value)> facts) =>
        Table(["", ""], facts.Select(static fact => (IReadOnlyList<PageCell>)[new PageCell(fact.Name, Tone.Faint), fact.Value]));
}
