using System.Globalization;
using LiveUpdate.Agent;
using LiveUpdate.Machine.Update;

namespace LiveUpdate.Machine.Agent;

/// <summary>
/// agent client STAGE NAME | update STAGE CLIENTS | killed | over STAGE CLIENTS: programs of an agent that holds their sessions on the real device, and
/// is killed before the first kexec.
/// </summary>
internal static class AgentCommand
{
    private static readonly TimeSpan s_breath = TimeSpan.FromMilliseconds(50);

    public static int Run(string[] args) => RunAsync(args).GetAwaiter().GetResult();

    private static async Task<int> RunAsync(string[] args)
    {
        await using AgentClient agent = await ConnectAsync();
        switch (args)
        {
            case ["client", var stage, var name]:
                await agent.SubscribeAsync(name, new AgentProgram(agent, Number(stage), name));
                Console.WriteLine($"SUBSCRIBED {name}");
                await agent.Completion;
                return 1;
            case ["killed", var before]:
                Check.Equal(true, agent.Agent.KeepsState, "the agent keeps what it holds");
                Check.Equal(false, agent.Agent.ProcessId == Number(before), "the agent is another process");
                await AwaitAsync(agent, Number("2"));
                Console.WriteLine($"agent: killed as process {before}, and back with every client as process {agent.Agent.ProcessId}");
                return 0;
            case ["process"]:
                Console.WriteLine(agent.Agent.ProcessId);
                return 0;
            case ["update", var stage, var clients]:
                await AwaitAsync(agent, Number(clients));
                await agent.LoadKernelAsync(Stage.NextKernel(Number(stage)));
                await agent.UpdateAsync();
                return 1;
            case ["over", var stage, var clients]:
                await AwaitAsync(agent, Number(clients));
                AgentStatus status = await agent.GetStatusAsync();
                Check.Equal((ulong)Number(stage) - 1, status.Agent.Generation, "the generation");
                Check.Equal(0, status.IncomingSessions, "sessions that are left");
                Console.WriteLine($"agent: generation {status.Agent.Generation}: {clients} clients claimed and verified, nothing is left");
                return 0;
            default:
                throw new ArgumentException("What the agent is asked for is not known.", nameof(args));
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static async Task<AgentClient> ConnectAsync()
    {
        while (true)
        {
            try
            {
                return await AgentClient.ConnectAsync();
            }
            catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.NotFound)
            {
                await Task.Delay(s_breath);
            }
        }
    }

    /// <summary>Waits until so many clients have subscribed, and no update is under way.</summary>
    private static async Task AwaitAsync(AgentClient agent, int clients)
    {
        while (await agent.GetStatusAsync() is var status && (status.Phase != AgentUpdatePhase.Idle || status.Subscribers.Count < clients))
            await Task.Delay(s_breath);
    }
}
