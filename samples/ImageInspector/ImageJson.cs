using System.Text.Encodings.Web;
using System.Text.Json;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace ImageInspector;

/// <summary>Prints an image as JSON, in the shape of the summary that is made when an image is captured.</summary>
internal static class ImageJson
{
    private static readonly JsonWriterOptions s_options = new()
    {
        Indented = true,
        IndentSize = 1,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(KhoImage image, LuoImage? luo, Stream output)
    {
        using var json = new Utf8JsonWriter(output, s_options);
        json.WriteStartObject();
        json.WriteString("kho", KhoAbi.Compatible);
        json.WriteNumber("memory_map", image.PreservedMemoryMap.Value);
        json.WriteStartObject("subtrees");
        foreach (string name in image.SubtreeNames)
        {
            image.TryGetSubtree(name, out KhoSubtree subtree);
            json.WriteStartObject(name);
            json.WriteNumber("address", subtree.Address.Value);
            json.WriteNumber("size", subtree.Size);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        if (luo is not null)
            WriteLuo(json, luo);
        json.WriteStartArray("preserved");
        foreach (PreservedRange range in image.Preserved)
        {
            json.WriteStartObject();
            json.WriteNumber("address", range.Address.Value);
            json.WriteNumber("order", range.Order);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteLuo(Utf8JsonWriter json, LuoImage luo)
    {
        json.WriteStartObject("luo");
        json.WriteString("compatible", LuoAbi.Compatible);
        json.WriteNumber("liveupdate_num", luo.Root.LiveUpdateNumber);
        json.WriteNumber("sessions_pa", luo.Root.Sessions.Value);
        json.WriteNumber("flbs_pa", luo.Root.Flbs.Value);
        json.WriteEndObject();
        json.WriteStartArray("flbs");
        foreach (FlbRecord flb in luo.Flbs)
        {
            json.WriteStartObject();
            json.WriteString("name", flb.Name);
            json.WriteNumber("data", flb.Data.Value);
            json.WriteNumber("count", flb.Count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("sessions");
        foreach (LuoImageSession session in luo.Sessions)
        {
            json.WriteStartObject();
            json.WriteString("name", session.Name);
            json.WriteNumber("files_pa", session.FilesAddress.Value);
            json.WriteNumber("count", session.FileCount);
            json.WriteStartArray("files");
            foreach (LuoImageFile file in session.Files)
                WriteFile(json, file);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteFile(Utf8JsonWriter json, LuoImageFile file)
    {
        json.WriteStartObject();
        json.WriteString("compatible", file.Compatible);
        json.WriteNumber("data", file.Data.Value);
        json.WriteNumber("token", file.Token.Value);
        if (file.Memfd is { } memfd)
        {
            json.WriteNumber("pos", memfd.Record.Position);
            json.WriteNumber("size", memfd.Record.Size);
            json.WriteNumber("seals", memfd.Record.Seals);
            json.WriteStartArray("folios");
            foreach (FolioRecord folio in memfd.Folios)
            {
                json.WriteStartObject();
                json.WriteNumber("pfn", folio.PageFrame);
                json.WriteNumber("flags", folio.Flags);
                json.WriteNumber("index", folio.Index);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
