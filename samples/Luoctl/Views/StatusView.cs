using LiveUpdate.Agent;
using LiveUpdate.Samples.Rendering;

namespace LiveUpdate.Samples.Luoctl.Views;

/// <summary>Shows what the agent does and holds.</summary>
internal static class StatusView
{
    public static Page Of(AgentStatus status)
    {
        AgentInfo agent = status.Agent;
        return new Page()
            .Facts(
                ("agent", $"{agent.BackEnd}, process {agent.ProcessId}, up {Format.Time(status.Uptime)}"),
                ("generation", $"{agent.Generation}"),
                ("when it dies", agent.KeepsState ? new PageCell("it comes back with everything", Tone.Good) : new PageCell("all is lost", Tone.Warning)),
                ("update", DescribeUpdate(status)),
                ("device clients", $"{status.DeviceConnections}"),
                ("sessions", $"{status.OutgoingSessions} outgoing, {status.IncomingSessions} incoming ({status.ParkedSessions} parked)"),
                ("files", $"{status.Files}, {Format.Bytes(status.Bytes)}"))
            .Table(["id", "program", "state"], status.Subscribers.Select(static subscriber =>
                (IReadOnlyList<PageCell>)
                [
                    PageCell.Quantity($"{subscriber.Id}"), subscriber.Name, new PageCell(Words.Of(subscriber.State), Tones.Of(subscriber.State)),
                ]));
    }

    private static PageCell DescribeUpdate(AgentStatus status)
    {
        if (status.Update == 0)
            return new PageCell(Words.Of(status.Phase), Tone.Faint);
        string left = status.TimeLeft > TimeSpan.Zero ? $", {Format.Time(status.TimeLeft)} left" : "";
        return new PageCell($"{status.Update}, {Words.Of(status.Phase)}{left}", Tone.Strong);
    }
}
