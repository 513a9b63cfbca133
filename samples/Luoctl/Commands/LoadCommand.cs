using System.CommandLine;
using LiveUpdate.Agent;
using LiveUpdate.Samples.Luoctl.Json;
using LiveUpdate.Samples.Luoctl.Views;

namespace LiveUpdate.Samples.Luoctl.Commands;

/// <summary>Has the agent load the kernel that the next update starts.</summary>
internal sealed class LoadCommand : LuoctlCommand
{
    private readonly Argument<string> _kernel = new("kernel") { Description = "The kernel's image; the agent opens it." };
    private readonly Option<string?> _initrd = new("--initrd") { Description = "Its initial RAM disk." };
    private readonly Option<string?> _commandLine = new("--command-line") { Description = "Its command line." };
    private readonly Option<bool> _reuse = new("--reuse-command-line") { Description = "The command line of the kernel that runs now." };

    public LoadCommand(LuoctlOptions options, LuoctlConsole console)
        : base("load", "Loads the kernel that the next update starts; for agents whose updates replace the kernel.", options, console)
    {
        Add(_kernel);
        Add(_initrd);
        Add(_commandLine);
        Add(_reuse);
        Validators.Add(result =>
        {
            bool hasKernel = result.GetResult(_kernel) is { Tokens.Count: > 0 };
            if (hasKernel && result.GetResult(_commandLine) is null == !result.GetValue(_reuse))
                result.AddError("The kernel's command line is given by either --command-line or --reuse-command-line.");
        });
    }

    protected override async Task<int> ExecuteAsync(AgentClient agent, ParseResult arguments, CancellationToken cancellationToken)
    {
        var image = new KernelImage
        {
            Path = arguments.GetValue(_kernel)!,
            Initrd = arguments.GetValue(_initrd),
            CommandLine = arguments.GetValue(_commandLine) ?? (await File.ReadAllTextAsync("/proc/cmdline", cancellationToken)).TrimEnd('\n'),
        };
        await agent.LoadKernelAsync(image, cancellationToken);
        Show(arguments, LoadedJson.Of(image), LuoctlJson.Default.LoadedJson, () => LoadedView.Of(image));
        return ExitCode.Good;
    }
}
