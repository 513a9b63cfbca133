using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost;

/// <summary>A standard stream that is preserved goes on being one as well.</summary>
internal sealed class StandardStreamScenario : Scenario
{
    protected override void Preserve(LiveUpdateOrchestrator luo, Session session, string[] args) =>
        session.Preserve(1, new SafeFileHandle(1, ownsHandle: false));

    protected override void Retrieve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        using (var output = new FileStream(session.Retrieve<SafeFileHandle>(1), FileAccess.Write, bufferSize: 0))
            output.Write("through the retrieved one\n"u8);
        Say("through the console");
    }
}
