using System.CommandLine;
using System.Runtime.Versioning;
using System.Text.Json;
using LiveUpdate;
using LiveUpdate.Samples.KernelCheck;

[assembly: SupportedOSPlatform("linux")]

// Says what stands in the way of replacing this machine's kernel under a program that uses LiveUpdate.Core.
// Exit codes: 0 nothing does, 1 something does, 2 wrong arguments or not Linux.
if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("KernelCheck needs Linux.");
    return 2;
}

var image = new Option<string?>("--image") { Description = "The image of the next kernel, such as /boot/vmlinuz-7.3.4." };
var loads = new Option<bool>("--loads-image") { Description = "The program loads that image itself: none needs to be loaded yet." };
var device = new Option<string>("--device") { Description = "The control device.", DefaultValueFactory = static _ => "/dev/liveupdate" };
var sessions = new Option<int>("--sessions") { Description = "How many sessions will be open at once.", DefaultValueFactory = static _ => 1 };
var json = new Option<bool>("--json") { Description = "One JSON object instead of text." };
var command = new RootCommand("What stands in the way of replacing the kernel.") { image, loads, device, sessions, json };
command.SetAction(arguments =>
{
    KernelAbi? running = KernelAbi.OfRunningKernel();
    IReadOnlyList<PreflightFinding> findings = KernelPreflight.Run(new KernelPreflightOptions
    {
        ImagePath = arguments.GetValue(image),
        LoadsImage = arguments.GetValue(loads),
        DevicePath = arguments.GetValue(device)!,
        Sessions = arguments.GetValue(sessions),
    });
    bool blocked = findings.Any(static finding => finding.Severity == PreflightSeverity.Blocking);
    if (arguments.GetValue(json))
        Console.WriteLine(JsonSerializer.Serialize(new CheckResult(running?.ToString(), blocked, findings), CheckJson.Default.CheckResult));
    else
        CheckText.Write(Console.Out, running, blocked, findings);
    return blocked ? 1 : 0;
});
ParseResult parsed = command.Parse(args);
return parsed.Errors.Count > 0 ? Math.Max(2, parsed.Invoke()) : parsed.Invoke();
