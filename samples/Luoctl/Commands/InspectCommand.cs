using System.CommandLine;
using System.CommandLine.Completions;
using ImageInspector;
using LiveUpdate.Agent;
using LiveUpdate.Kho;
using LiveUpdate.Samples.Luoctl.Json;
using LiveUpdate.Samples.Luoctl.Views;
using LiveUpdate.Samples.Rendering;

namespace LiveUpdate.Samples.Luoctl.Commands;

/// <summary>Looks into a session, or into a hand-over that was captured between two kernels.</summary>
internal sealed class InspectCommand : LuoctlCommand
{
    private static readonly TimeSpan s_completionTime = TimeSpan.FromSeconds(1);

    private readonly Argument<string> _what = new("image-or-session")
    {
        Description = "A directory with a captured image (fdt.bin, pages.bin.gz), or one of these files; otherwise the name of a session.",
    };

    private readonly LuoctlOptions _options;

    public InspectCommand(LuoctlOptions options, LuoctlConsole console)
        : base("inspect", "The files of a session, outgoing and incoming, or all that a captured image holds.", options, console)
    {
        _options = options;
        _what.CompletionSources.Add(CompleteSessions);
        Add(_what);
    }

    protected override Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        string what = arguments.GetValue(_what)!;
        return Directory.Exists(what) || File.Exists(what)
            ? Task.FromResult(ShowImage(arguments, Directory.Exists(what) ? what : Path.GetDirectoryName(Path.GetFullPath(what))!))
            : base.ExecuteAsync(arguments, cancellationToken);
    }

    protected override async Task<int> ExecuteAsync(AgentClient agent, ParseResult arguments, CancellationToken cancellationToken)
    {
        string what = arguments.GetValue(_what)!;
        if (!SessionName.TryCreate(what, out SessionName name))
            throw new ArgumentException($"\"{what}\" is neither a file nor the name of a session, which has 1 to {SessionName.MaxLength} bytes.");
        var sides = new List<(bool IsIncoming, IReadOnlyList<AgentFileInfo> Files)>();
        foreach (bool isIncoming in (bool[])[false, true])
        {
            try
            {
                sides.Add((isIncoming, await agent.ListFilesAsync(name, isIncoming, cancellationToken)));
            }
            catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.NotFound)
            {
                // The other side may have one.
            }
        }

        if (sides.Count == 0)
            throw new LiveUpdateException(LiveUpdateError.NotFound, $"\"{what}\" is no session of yours, outgoing or incoming, and no file.");
        Show(arguments, InspectionJson.Of(what, sides), LuoctlJson.Default.InspectionJson, () => InspectionView.Of(what, sides));
        return ExitCode.Good;
    }

    private int ShowImage(ParseResult arguments, string directory)
    {
        KhoImage image = KhoImage.Load(directory);
        using KhoMemory memory = image.Memory;
        LuoImage? luo = LuoImage.Read(image);
        if (!IsJson(arguments))
        {
            Terminal.Write(ImageView.Of(image, luo));
            return ExitCode.Good;
        }

        using var json = new MemoryStream();
        ImageJson.Write(image, luo, json);
        Terminal.Output.WriteLine(System.Text.Encoding.UTF8.GetString(json.GetBuffer(), 0, (int)json.Length));
        return ExitCode.Good;
    }

    // Whoever presses the key waits: an agent that cannot be asked has no sessions.
    private IEnumerable<CompletionItem> CompleteSessions(CompletionContext context)
    {
        using var limit = new CancellationTokenSource(s_completionTime);
        try
        {
            return ListNamesAsync(context.ParseResult.GetValue(_options.Directory)!, limit.Token).GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is LiveUpdateException or OperationCanceledException or ArgumentException)
        {
            return [];
        }
    }

    private static async Task<IReadOnlyList<CompletionItem>> ListNamesAsync(string directory, CancellationToken cancellationToken)
    {
        await using AgentClient agent = await AgentClient.ConnectAsync(
            directory, new AgentClientOptions { ProgramName = "luoctl" }, cancellationToken);
        List<AgentSessionInfo> sessions = await agent.ListSessionsAsync(cancellationToken).ToListAsync(cancellationToken);
        return [.. sessions.Select(static session => Printable.Of(session.Name.ToString())).Distinct().Select(static name => new CompletionItem(name))];
    }
}
