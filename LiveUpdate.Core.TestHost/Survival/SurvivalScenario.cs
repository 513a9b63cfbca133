using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Survival;

/// <summary>Preserves a descriptor of every kind, executes, and says of each whether it works in the next image.</summary>
internal sealed class SurvivalScenario : Scenario
{
    private const ulong TokensPerKind = 4;

    protected override void Preserve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        for (int kind = 0; kind < Probes.All.Length; kind++)
            TryPreserve(session, kind, Probes.All[kind].Open());
    }

    protected override void Retrieve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        foreach (IGrouping<ulong, SessionFile> files in session.GetFiles().GroupBy(file => file.Token.Value / TokensPerKind))
            Probes.All[files.Key].Report([.. files.Select(file => session.Retrieve<SafeFileHandle>(file.Token))]);
    }

    /// <summary>Preserves the descriptors of a kind, or says why not.</summary>
    internal static bool TryPreserve(Session session, int kind, SafeHandle[] files)
    {
        Probe probe = Probes.All[kind];
        if (files.Any(file => file.IsInvalid))
        {
            Say($"{probe.Kind}: cannot be opened here");
            return false;
        }

        try
        {
            for (int i = 0; i < files.Length; i++)
                session.Preserve(((ulong)kind * TokensPerKind) + (ulong)i, files[i]);
            return true;
        }
        catch (LiveUpdateException refusal) when (refusal.Error == LiveUpdateError.NotSupported)
        {
            Say($"{probe.Kind}: refused");
            return false;
        }
    }
}
