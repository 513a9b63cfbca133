using System.Globalization;
using System.Text;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Samples.Rendering;

/// <summary>Shows a captured image.</summary>
internal static class ImageView
{
    public static Page Of(KhoImage image, LuoImage? luo)
    {
        long pages = image.Preserved.Sum(static range => range.Pages);
        Page page = new Page()
            .Text($"Kexec HandOver: {Number(pages)} pages in {Number(image.Preserved.Count)} preserved blocks", Tone.Strong)
            .Table(["subtree", "address", "bytes"], image.SubtreeNames.Select(name => RowOf(image, name)));
        if (luo is null)
            return page.Text("No orchestrator handed anything over.");
        return page
            .Text($"Live update number {luo.Root.LiveUpdateNumber}", Tone.Strong)
            .Table(["file-lifecycle-bound object", "data", "files"], luo.Flbs.Select(static flb =>
                (IReadOnlyList<PageCell>)[Encoding.UTF8.GetString(flb.Name), flb.Data.ToString(), PageCell.Of((long)flb.Count)]))
            .Table(["session", "token", "handler", "data", "content"], luo.Sessions.SelectMany(RowsOf));
    }

    private static IReadOnlyList<PageCell> RowOf(KhoImage image, string name)
    {
        image.TryGetSubtree(name, out KhoSubtree subtree);
        return [name, subtree.Address.ToString(), PageCell.Of(subtree.Size)];
    }

    private static IEnumerable<IReadOnlyList<PageCell>> RowsOf(LuoImageSession session) => session.Files.Count == 0
        ? [[session.Name, "", "", "", "no files"]]
        : session.Files.Select(file =>
            (IReadOnlyList<PageCell>)[session.Name, file.Token.ToString(), file.Compatible, file.Data.ToString(), Describe(file)]);

    private static string Describe(LuoImageFile file)
    {
        if (file.Memfd is not { } memfd)
            return "";
        MemfdRecord record = memfd.Record;
        return $"{Number((long)record.Size)} bytes in {memfd.Folios.Count} folios, position {record.Position}, seals 0x{record.Seals:x}";
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
