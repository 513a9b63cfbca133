using System.Runtime.Versioning;
using System.Text.Json;
using LiveUpdate.Samples.Luoctl.Json;

namespace LiveUpdate.Tests.Agent;

/// <summary>The JSON of luoctl, as docs/luoctl.md has it.</summary>
[Parallelizable(ParallelScope.All)]
[Platform("Linux", Reason = "luoctl needs Linux.")]
[SupportedOSPlatform("linux")]
internal sealed class LuoctlJsonTests
{
    private const string Evil = """evil\u001B[2J\n\u202E""";

    [Test]
    public void Status() => Assert.That(JsonSerializer.Serialize(StatusJson.Of(LuoctlSamples.Status), LuoctlJson.Default.StatusJson), Is.EqualTo(
        """{"backEnd":"managed","processId":4711,"generation":3,"keepsState":true,"uptimeMs":7384000,"phase":"preparing","update":4,"timeLeftMs":12340""" +
        ""","deviceConnections":2,"outgoingSessions":1,"incomingSessions":2,"parkedSessions":1,"files":5,"bytes":70000000""" +
        $$""","subscribers":[{"id":0,"name":"vm-1","state":"ready"},{"id":12,"name":"{{Evil}}","state":"preparing"}]}"""));

    [Test]
    public void Sessions() => Assert.That(JsonSerializer.Serialize(SessionsJson.Of(LuoctlSamples.Sessions), LuoctlJson.Default.SessionsJson), Is.EqualTo(
        """{"sessions":[{"name":"vm-1","side":"outgoing","user":0,"isOpen":true,"files":3,"bytes":67108864},""" +
        """{"name":"vm-2","side":"incoming","user":1000,"isOpen":false,"files":1200,"bytes":512},""" +
        $$"""{"name":"{{Evil}}","side":"incoming","user":1000,"isOpen":true,"files":0,"bytes":0}]}"""));

    [Test]
    public void Inspection()
    {
        Assert.That(JsonSerializer.Serialize(InspectionJson.Of("vm-1", LuoctlSamples.Sides), LuoctlJson.Default.InspectionJson), Is.EqualTo(
            """{"session":"vm-1","outgoing":[{"token":18446744073709551615,"bytes":5,"isRetrieved":false}]""" +
            ""","incoming":[{"token":1,"bytes":1536,"isRetrieved":true},""" +
            $$"""{"token":2,"bytes":0,"isRetrieved":false}]}"""));
        Assert.That(
            JsonSerializer.Serialize(InspectionJson.Of("a", [(true, [])]), LuoctlJson.Default.InspectionJson), Is.EqualTo("""{"session":"a","incoming":[]}"""));
    }

    [Test]
    public void Check() => Assert.That(JsonSerializer.Serialize(CheckJson.Of(LuoctlSamples.Findings), LuoctlJson.Default.CheckJson), Is.EqualTo(
        """{"blocked":true,"findings":[{"id":"kernel-not-loaded","severity":"blocking","message":"No kernel is loaded.","remedy":"Load one: luoctl load."},""" +
        """{"id":"fdstore-too-small","severity":"warning","message":"12 descriptors, room for 10.","remedy":"Raise FileDescriptorStoreMax=."},""" +
        """{"id":"good-to-know","severity":"information","message":"All is well."}]}"""));

    [Test]
    public void Loaded_and_canceled()
    {
        Assert.That(JsonSerializer.Serialize(LoadedJson.Of(LuoctlSamples.Kernel), LuoctlJson.Default.LoadedJson), Is.EqualTo(
            """{"kernel":"/boot/vmlinuz","commandLine":"kho=on liveupdate=on"}"""));
        Assert.That(JsonSerializer.Serialize(new CanceledJson(4), LuoctlJson.Default.CanceledJson), Is.EqualTo("""{"canceled":4}"""));
    }

    [Test]
    public void Events() => Assert.That(
        LuoctlSamples.Events.Select(happened => JsonSerializer.Serialize(EventJson.Of(happened), LuoctlJson.Default.EventJson)),
        Is.EqualTo(new[]
        {
            """{"kind":"phase","update":0,"timeMs":0,"phase":"idle"}""",
            """{"kind":"phase","update":4,"timeMs":0.008,"phase":"prepare"}""",
            """{"kind":"subscriber","update":4,"timeMs":12.5,"phase":"prepare","subscriberId":7,"subscriber":"vm-1","state":"refused","reason":"disk full\nno"}""",
            """{"kind":"called-off","update":4,"timeMs":130000,"phase":"prepare","error":"EBUSY","reason":"vm-1 refuses"}""",
            """{"kind":"over","update":5,"timeMs":2250,"phase":"idle"}""",
            """{"kind":"99","update":0,"timeMs":0,"phase":"idle"}""",
        }));

    [Test]
    public void Result() => Assert.That(JsonSerializer.Serialize(ResultJson.Of(LuoctlSamples.Result), LuoctlJson.Default.ResultJson), Is.EqualTo(
        """{"kind":"result","update":4,"generation":3,"durationMs":2000,"phases":[{"name":"prepare","startMs":0,"durationMs":1000},""" +
        """{"name":"barrier","startMs":1000,"durationMs":0.012},{"name":"claim","startMs":1500,"durationMs":500}]""" +
        ""","subscribers":[{"id":0,"name":"vm-1","state":"finished","readyMs":400,"claimedMs":1750,"finishedMs":2000},""" +
        $$"""{"id":1,"name":"{{Evil}}","state":"left-behind"}],"unfinished":["{{Evil}}"]}"""));
}
