namespace LiveUpdate.TestHost;

/// <summary>A hand-over that fails at the very last, and the same one again with the right program.</summary>
internal sealed class FailedFirstScenario : Scenario
{
    protected override void Preserve(LiveUpdateOrchestrator luo, Session session, string[] args) => session.Preserve(1, Libc.EventFd(9));

    protected override void Retrieve(LiveUpdateOrchestrator luo, Session session, string[] args) =>
        Say($"retrieved {session.GetFiles().Count}");

    protected override void HandOver(LiveUpdateOrchestrator luo)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "\u0001\u0002\u0003 no program");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            luo.HandOver(HandoverTarget.Exec(new ExecOptions { Path = path }));
        }
        catch (LiveUpdateException exception)
        {
            Say($"failed {exception.Error}");
        }
        finally
        {
            File.Delete(path);
        }

        base.HandOver(luo);
    }
}
