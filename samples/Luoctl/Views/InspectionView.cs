using LiveUpdate.Agent;
using LiveUpdate.Samples.Rendering;

namespace LiveUpdate.Samples.Luoctl.Views;

/// <summary>Shows the files of a session, on the side or sides where there is one.</summary>
internal static class InspectionView
{
    public static Page Of(string session, IEnumerable<(bool IsIncoming, IReadOnlyList<AgentFileInfo> Files)> sides)
    {
        var page = new Page();
        foreach ((bool isIncoming, IReadOnlyList<AgentFileInfo> files) in sides)
        {
            page.Text($"{Words.Side(isIncoming)} session {session}: {Count(files.Count)}", Tone.Strong);
            page.Table(["token", "size", "state"], files.Select(static file =>
                (IReadOnlyList<PageCell>)
                [
                    file.Token.ToString(),
                    PageCell.Quantity(Format.Bytes(file.Bytes)),
                    file.IsRetrieved ? new PageCell("retrieved", Tone.Good) : "preserved",
                ]));
        }

        return page;
    }

    private static string Count(int files) => files switch { 0 => "no files", 1 => "1 file", _ => $"{files} files" };
}
