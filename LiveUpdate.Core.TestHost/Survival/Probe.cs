using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Survival;

/// <summary>
/// One kind of descriptor: how it is opened in one process, and how the next one finds out whether it still does what it should.
/// </summary>
/// <param name="Kind">The kind, as the table in <c>docs/what-survives.md</c> calls it.</param>
/// <param name="Open">Opens the descriptors; an invalid one means that it cannot be opened here.</param>
/// <param name="Works">Asks the descriptors that arrived, in the same order.</param>
internal sealed record Probe(string Kind, Func<SafeHandle[]> Open, Func<SafeFileHandle[], bool> Works)
{
    /// <summary>Says whether the kind works, in the words of the table.</summary>
    public void Report(SafeFileHandle[] files)
    {
        try
        {
            Scenario.Say($"{Kind}: {(Works(files) ? "yes" : "no")}");
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
        {
            Scenario.Say($"{Kind}: no ({exception.Message})");
        }
    }
}
