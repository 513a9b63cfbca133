using System.Globalization;
using System.Text;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;
using Spectre.Console;

namespace ImageInspector;

/// <summary>Prints an image as tables, for people.</summary>
internal static class ImageTables
{
    public static void Write(KhoImage image, LuoImage? luo)
    {
        long pages = image.Preserved.Sum(range => range.Pages);
        AnsiConsole.MarkupLineInterpolated(
            CultureInfo.InvariantCulture, $"[bold]Kexec HandOver[/]: {pages} pages in {image.Preserved.Count} preserved blocks");
        WriteSubtrees(image);
        if (luo is null)
        {
            AnsiConsole.MarkupLine("No orchestrator handed anything over.");
            return;
        }
        AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]Live update number {luo.Root.LiveUpdateNumber}[/]");
        WriteFlbs(luo);
        WriteSessions(luo);
    }

    private static void WriteSubtrees(KhoImage image)
    {
        Table table = NewTable("subtree", "address", "bytes");
        foreach (string name in image.SubtreeNames)
        {
            image.TryGetSubtree(name, out KhoSubtree subtree);
            AddRow(table, name, subtree.Address.ToString(), Number(subtree.Size));
        }
        AnsiConsole.Write(table);
    }

    private static void WriteFlbs(LuoImage luo)
    {
        Table table = NewTable("file-lifecycle-bound object", "data", "files");
        foreach (FlbRecord flb in luo.Flbs)
            AddRow(table, Encoding.UTF8.GetString(flb.Name), flb.Data.ToString(), flb.Count.ToString(CultureInfo.InvariantCulture));
        AnsiConsole.Write(table);
    }

    private static void WriteSessions(LuoImage luo)
    {
        Table table = NewTable("session", "token", "handler", "data", "content");
        foreach (LuoImageSession session in luo.Sessions)
        {
            if (session.Files.Count == 0)
                AddRow(table, session.Name, "", "", "", "no files");
            foreach (LuoImageFile file in session.Files)
                AddRow(table, session.Name, file.Token.ToString(), file.Compatible, file.Data.ToString(), Describe(file));
        }
        AnsiConsole.Write(table);
    }

    private static string Describe(LuoImageFile file)
    {
        if (file.Memfd is not { } memfd)
            return "";
        MemfdRecord record = memfd.Record;
        return $"{Number((long)record.Size)} bytes in {memfd.Folios.Count} folios, position {record.Position}, seals 0x{record.Seals:x}";
    }

    private static Table NewTable(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (string column in columns)
            table.AddColumn(column);
        return table;
    }

    // Names come from the image: as text, not as markup.
    private static void AddRow(Table table, params string[] cells) => table.AddRow([.. cells.Select(cell => new Text(cell))]);

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
