using System.Globalization;

namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// A successor of the tests' own process: <c>peer REPORT [WHAT]</c>. It writes what became of it to the file REPORT. WHAT is a phase at
/// which its boot is cancelled, <c>cancel:PHASE</c>, or how many descriptors it may still get, <c>limit:COUNT</c>.
/// </summary>
internal static class PeerLife
{
    /// <summary>The handlers of the tests' process, as far as a successor needs them.</summary>
    public static IEnumerable<FileHandler> Handlers() => [.. SuccessorLife.Options().Handlers, new PlainHandler("test-v1")];

    public static void Run(string[] args)
    {
        string[] what = args.Length > 2 ? args[2].Split(':') : [""];
        using var cancellation = new CancellationTokenSource();
        var options = new LiveUpdateOptions();
        foreach (FileHandler handler in Handlers())
            options.Handlers.Add(handler);
        if (what[0] == "cancel")
        {
            SuccessorPhase at = Enum.Parse<SuccessorPhase>(what[1]);
            options.SuccessorReached = phase =>
            {
                if (phase == at)
                    cancellation.Cancel();
            };
        }

        if (what[0] == "limit")
            ScarceDescriptors.Leave(int.Parse(what[1], CultureInfo.InvariantCulture));
        string report = Boot(options, what[0] == "cancel" ? cancellation.Token : CancellationToken.None);
        ScarceDescriptors.Restore();
        File.WriteAllText(args[1], report);
    }

    private static string Boot(LiveUpdateOptions options, CancellationToken cancellationToken)
    {
        try
        {
            // Another thread takes descriptors of its own.
            using LiveUpdateOrchestrator luo = cancellationToken.CanBeCanceled
                ? LiveUpdateOrchestrator.BootAsync(options, cancellationToken).GetAwaiter().GetResult()
                : LiveUpdateOrchestrator.Boot(options);
            ScarceDescriptors.Restore();
            using LiveUpdateDevice device = luo.OpenDevice();
            string[] files = [.. device.GetIncomingSessions().Select(name => Retrieve(device, name.ToString()))];
            return $"took over {string.Join(' ', files)}";
        }
        catch (Exception exception) when (exception is LiveUpdateException or LiveUpdateImageException or OperationCanceledException)
        {
            string error = exception is LiveUpdateException refusal ? $" {refusal.Error}" : "";
            return $"{exception.GetType().Name}{error}, {(RefusesToBoot() ? "no second boot" : "and became a second owner")}";
        }
    }

    private static string Retrieve(LiveUpdateDevice device, string name)
    {
        using Session session = device.RetrieveSession(name);
        string[] tokens = [.. session.GetFiles().Select(static file => file.Token.ToString())];
        foreach (SessionFile file in session.GetFiles())
            session.Retrieve(file.Token);
        session.Finish();
        return $"{name}({string.Join(' ', tokens)})";
    }

    /// <summary>Whether this process, which could not take over, is kept from booting afresh.</summary>
    public static bool RefusesToBoot()
    {
        try
        {
            LiveUpdateOrchestrator.Boot(new LiveUpdateOptions()).Dispose();
            return false;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }
}
