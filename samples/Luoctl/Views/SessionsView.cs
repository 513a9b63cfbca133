using LiveUpdate.Agent;
using LiveUpdate.Samples.Rendering;

namespace LiveUpdate.Samples.Luoctl.Views;

/// <summary>Shows the sessions that the agent holds.</summary>
internal static class SessionsView
{
    public static Page Of(IReadOnlyList<AgentSessionInfo> sessions) => sessions.Count == 0
        ? new Page().Text("no sessions", Tone.Faint)
        : new Page().Table(["side", "session", "user", "state", "files", "size"], sessions.Select(static session =>
            (IReadOnlyList<PageCell>)
            [
                Words.Side(session.IsIncoming),
                new PageCell(session.Name.ToString(), Tone.Strong),
                PageCell.Quantity($"{session.User}"),
                session.IsOpen ? "open" : new PageCell("parked", Tone.Warning),
                PageCell.Of(session.Files),
                PageCell.Quantity(Format.Bytes(session.Bytes)),
            ]));
}
