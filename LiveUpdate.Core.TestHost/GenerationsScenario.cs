using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost;

/// <summary>Three images in a row, with a state that every one of them counts up and an object file that stays.</summary>
internal sealed class GenerationsScenario : Scenario
{
    private Note _note = new("", 0);
    private SafeFileHandle? _event;

    protected override ulong Updates => 3;

    protected override void Preserve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        _event ??= Libc.EventFd(7);
        session.Preserve(1, _note with { Text = Environment.ProcessId.ToString(), Number = _note.Number + 1 });
        session.Preserve(2, _event);
    }

    protected override void Retrieve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        _note = session.Retrieve<Note>(1);
        _event = session.Retrieve<SafeFileHandle>(2);
        int events = ListDescriptors().Values.Count(link => link == "anon_inode:[eventfd]");
        bool same = _note.Text == Environment.ProcessId.ToString();
        Say($"update {luo.UpdateNumber}: number {_note.Number}, same process {same}, eventfds {events}");
    }
}
