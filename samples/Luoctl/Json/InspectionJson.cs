using LiveUpdate.Agent;

namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>What <c>inspect</c> says of a session; a side without such a session is not there.</summary>
internal sealed record InspectionJson(string Session, IReadOnlyList<FileJson>? Outgoing, IReadOnlyList<FileJson>? Incoming)
{
    public static InspectionJson Of(string session, IReadOnlyList<(bool IsIncoming, IReadOnlyList<AgentFileInfo> Files)> sides) =>
        new(session, FilesOf(sides, isIncoming: false), FilesOf(sides, isIncoming: true));

    private static FileJson[]? FilesOf(IReadOnlyList<(bool IsIncoming, IReadOnlyList<AgentFileInfo> Files)> sides, bool isIncoming) =>
        sides.FirstOrDefault(side => side.IsIncoming == isIncoming).Files is { } files
            ? [.. files.Select(static file => new FileJson(file.Token.Value, file.Bytes, file.IsRetrieved))]
            : null;
}
