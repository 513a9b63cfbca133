using System.Text;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>Texts of the service manager and of the process before: a byte that says which, then the text.</summary>
internal sealed class ServiceTextTarget : FuzzTarget
{
    private const int Process = 77;

    public override string Name => "service-texts";

    public override int MaxLength => 1024;

    public override IReadOnlyList<byte[]> Words =>
        [[.. "liveupdate-core."u8], [.. "liveupdate-core.memory"u8], [.. ":"u8], [.. "\n"u8], [.. "77"u8], [.. "="u8], [.. ".service"u8], [.. "user@"u8], [.. "name=systemd"u8]];

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        [0, .. "77\n4\nliveupdate-core.memory:web:liveupdate-core.12:stored"u8],
        [1, .. "4:memory:/else.service\n1:name=systemd:/system.slice/old.service\n0::/user.slice/user@1000.service/app.slice/_mine.service\n"u8],
        [2, .. "LoadState=loaded\nMainPID=77\nNotifyAccess=main\nFileDescriptorStoreMax=8\nNFileDescriptorStore=3\nStartLimitBurst=5\nStartLimitIntervalUSec=10s\nLimitNOFILESoft=infinity\n"u8],
        [3, .. "v1:77:12"u8],
    ];

    public override string Run(ReadOnlyMemory<byte> input)
    {
        ReadOnlySpan<byte> bytes = input.Span;
        if (bytes.IsEmpty)
            return Refused;
        string text = Encoding.UTF8.GetString(bytes[1..]);
        try
        {
            return (bytes[0] % 4) switch
            {
                0 => ReadPassed(text),
                1 => ServiceUnit.TryParse(text, out ServiceUnit unit) && unit.Name.Length > 0 ? Read : Refused,
                2 => ServiceState.Parse("a.service", text) is { Max: >= 0, Stored: >= 0 } ? Read : Refused,
                _ => ExecNotice.Read(text, Process) is null ? "for another process" : Read,
            };
        }
        catch (LiveUpdateImageException)
        {
            return Refused;
        }
    }

    private static string ReadPassed(string text)
    {
        string[] lines = text.Split('\n', 3);
        if (PassedDescriptors.Parse(Process, lines[0], lines.ElementAtOrDefault(1), lines.ElementAtOrDefault(2)) is not { } passed)
            return "for another process";
        string? others = passed.NamesOfOthers();
        Finding.Unless(others is null || !others.Split(':').Any(StoreName.IsOurs), "None of this library's names stays in the list.");
        return Read;
    }
}
