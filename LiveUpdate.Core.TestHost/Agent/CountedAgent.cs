using System.Globalization;
using LiveUpdate.Agent;
using LiveUpdate.TestHost.Successor;

namespace LiveUpdate.TestHost.Agent;

/// <summary>
/// An agent that kills itself at a store into its ledger: <c>counted-agent DIRECTORY</c>. The file <c>armed</c> in the directory says after how many
/// stores from then on; it is taken away when it is read.
/// </summary>
internal static class CountedAgent
{
    private static readonly Lock s_lock = new();
    private static int s_left = -1;

    public static void Run(string[] args)
    {
        string armed = Path.Combine(args[1], "armed");
        var server = new AgentServer(
            AgentBackEnd.Managed(static () => new LiveUpdateOptions { Handlers = { new MemfdHandler() }, MemorySize = 4L << 20 }),
            new AgentServerOptions { Directory = args[1], Store = AgentStore.Find() });
        server.StartAsync().GetAwaiter().GetResult();
        server.Books.Ledger.Stored = () => Count(armed);
        server.Completion.GetAwaiter().GetResult();
    }

    private static void Count(string armed)
    {
        lock (s_lock)
        {
            if (File.Exists(armed))
            {
                s_left = int.Parse(File.ReadAllText(armed), CultureInfo.InvariantCulture);
                File.Delete(armed);
            }

            if (s_left > 0 && --s_left == 0)
                Victim.Die();
        }
    }
}
