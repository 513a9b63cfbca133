using Spectre.Console;
using Spectre.Console.Rendering;

namespace LiveUpdate.Samples.Rendering;

/// <summary>Draws a page on a terminal. Texts come from other programs: they are never read as markup.</summary>
internal static class RichPage
{
    public static IRenderable Render(Page page) => new Rows(page.Blocks.Select(Render));

    /// <summary>Text as it is, in its colour.</summary>
    public static Text Render(string text, Tone tone) => new(Printable.Of(text), StyleOf(tone));

    private static IRenderable Render(PageBlock block) => block is PageTable table ? Render(table) : Render((PageText)block);

    private static Text Render(PageText text) => Render(text.Text, text.Tone);

    private static Table Render(PageTable page)
    {
        var table = new Table { Border = page.HasHead ? TableBorder.Rounded : TableBorder.None, ShowHeaders = page.HasHead };
        for (int i = 0; i < page.Columns.Count; i++)
        {
            var column = new TableColumn(Render(page.Columns[i], Tone.Strong));
            table.AddColumn(page.Rows.All(row => row[i].IsNumber) ? column.RightAligned() : column);
        }

        foreach (IReadOnlyList<PageCell> row in page.Rows)
            table.AddRow([.. row.Select(static cell => Render(cell.Text, cell.Tone))]);
        return table;
    }

    private static Style StyleOf(Tone tone) => tone switch
    {
        Tone.Strong => new Style(decoration: Decoration.Bold),
        Tone.Faint => new Style(Color.Grey),
        Tone.Good => new Style(Color.Green),
        Tone.Warning => new Style(Color.Yellow),
        Tone.Bad => new Style(Color.Red, decoration: Decoration.Bold),
        _ => Style.Plain,
    };
}
