using System.Globalization;
using LiveUpdate.Agent;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>A process that is many clients of an agent.</summary>
internal static class UpdateClients
{
    /// <summary>The verb of the process.</summary>
    public const string Verb = "agent-clients";

    /// <summary>Connects them all, and takes part in updates until the parent is gone.</summary>
    /// <param name="directory">The agent's directory.</param>
    /// <param name="first">The number of the first client.</param>
    /// <param name="count">How many there are.</param>
    public static async Task RunAsync(string directory, int first, int count)
    {
        var clients = new List<AgentClient>();
        for (int number = first; number < first + count; number++)
        {
            AgentClient client = await AgentClient.ConnectAsync(directory);
            clients.Add(client);
            await client.SubscribeAsync(number.ToString(CultureInfo.InvariantCulture), new UpdateSubscriber(client.OpenDevice(), number));
        }

        ChildProgram.Serve(static line => line);
        foreach (AgentClient client in clients)
            await client.DisposeAsync();
    }
}
