using System.Runtime.Versioning;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handover;

/// <summary>Sessions of a prepared update in the service manager's store.</summary>
[Platform("Linux", Reason = "systemd is of Linux")]
[SupportedOSPlatform("linux")]
[NonParallelizable]
public sealed class SessionStoreTests
{
    private const string Variable = "NOTIFY_SOCKET";

    private readonly Dictionary<string, SafeFileHandle> _sessions = [];

    [SetUp]
    public void SetUp()
    {
        _sessions.Add("liveupdate-core", new TestMemfd().Handle);
        _sessions.Add("liveupdate-core.1", new TestMemfd().Handle);
    }

    [TearDown]
    public void TearDown()
    {
        foreach (SafeFileHandle session in _sessions.Values)
            session.Dispose();
        _sessions.Clear();
        Environment.SetEnvironmentVariable(Variable, null);
    }

    [Test]
    public void They_are_stored_under_their_names_and_taken_out_again()
    {
        string address = $"@session-store-{Environment.ProcessId}-{TestContext.CurrentContext.Test.ID}";
        using var peer = new NotifyPeer(address, barriers: 2);
        Environment.SetEnvironmentVariable(Variable, address);
        SessionStore.Add(_sessions, TimeSpan.FromSeconds(10));
        SessionStore.Remove(_sessions.Keys, TimeSpan.FromSeconds(10));
        Assert.That(peer.Drain(), Is.EqualTo(new[]
        {
            "FDSTORE liveupdate-core unpolled 1",
            "FDSTORE liveupdate-core.1 unpolled 1",
            "FDSTOREREMOVE liveupdate-core 0",
            "FDSTOREREMOVE liveupdate-core.1 0",
        }));
    }

    [Test]
    public void A_manager_that_does_not_answer_gets_them_taken_out()
    {
        string address = $"@session-store-{Environment.ProcessId}-{TestContext.CurrentContext.Test.ID}";
        using var peer = new NotifyPeer(address, barriers: 0);
        Environment.SetEnvironmentVariable(Variable, address);
        Refused.With(LiveUpdateError.TimedOut, () => SessionStore.Add(_sessions, TimeSpan.FromMilliseconds(200)));
        Assert.That(peer.Drain()[^2..], Is.EqualTo(new[] { "FDSTOREREMOVE liveupdate-core 0", "FDSTOREREMOVE liveupdate-core.1 0" }));
    }

    [Test]
    public void Without_a_manager_nothing_is_stored()
    {
        Environment.SetEnvironmentVariable(Variable, null);
        Refused.With(LiveUpdateError.NotFound, () => SessionStore.Add(_sessions, TimeSpan.FromSeconds(10)));
    }
}
