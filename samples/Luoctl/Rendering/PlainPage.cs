namespace LiveUpdate.Samples.Rendering;

/// <summary>Writes a page for a file or another program: columns of spaces, no escape codes, as wide as it has to be.</summary>
internal static class PlainPage
{
    private const string Gap = "  ";

    public static void Write(TextWriter output, Page page)
    {
        PageBlock? before = null;
        foreach (PageBlock block in page.Blocks)
        {
            if (before is PageTable)
                output.WriteLine();
            if (block is PageTable table)
                Write(output, table);
            else if (block is PageText text)
                output.WriteLine(Printable.Of(text.Text));
            before = block;
        }
    }

    private static void Write(TextWriter output, PageTable table)
    {
        List<PageCell[]> rows = [.. table.Rows.Select(static row => row.Select(static cell => cell with { Text = Printable.Of(cell.Text) }).ToArray())];
        bool[] isNumber = [.. table.Columns.Select((_, column) => rows.TrueForAll(row => row[column].IsNumber))];
        if (table.HasHead)
            rows.Insert(0, [.. table.Columns.Select(static column => (PageCell)column)]);
        int[] widths = [.. table.Columns.Select((_, column) => rows.Max(row => WidthOf(row[column].Text)))];
        foreach (PageCell[] row in rows)
            output.WriteLine(string.Join(Gap, row.Select((cell, column) => Pad(cell.Text, widths[column], isNumber[column]))).TrimEnd());
    }

    private static string Pad(string text, int width, bool isNumber)
    {
        string room = new(' ', width - WidthOf(text));
        return isNumber ? room + text : text + room;
    }

    private static int WidthOf(string text) => text.EnumerateRunes().Count();
}
