using System.CommandLine;
using System.Runtime.Versioning;
using LiveUpdate;
using LiveUpdate.Agent;
using LiveUpdate.Samples.AgentGuest;

[assembly: SupportedOSPlatform("linux")]

// A program with memory that must not be lost, as a hypervisor's guest has: it takes part in the updates of an agent (samples/Luod).
// Exit codes: 0 so many updates are over and every byte is there; 1 something is lost, or the agent is; 2 wrong arguments or not Linux.
if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("AgentGuest needs Linux.");
    return 2;
}

var name = new Argument<string>("name") { Description = "The name of the guest, and of its session." };
var directory = new Option<string>("--directory", "-d") { Description = "The agent's directory.", DefaultValueFactory = static _ => "/run/luod" };
var megabytes = new Option<int>("--megabytes") { Description = "How much memory the guest has.", DefaultValueFactory = static _ => 64 };
var updates = new Option<int>("--updates") { Description = "After how many updates it ends.", DefaultValueFactory = static _ => 1 };
var command = new RootCommand("A program with memory that survives the updates of an agent.") { name, directory, megabytes, updates };
command.SetAction(async (arguments, cancellationToken) =>
{
    try
    {
        await using AgentClient agent = await AgentClient.ConnectAsync(
            arguments.GetValue(directory)!, new AgentClientOptions { ProgramName = arguments.GetValue(name) }, cancellationToken);
        using var guest = new Guest(agent, arguments.GetValue(name)!, arguments.GetValue(megabytes), arguments.GetValue(updates));
        await agent.SubscribeAsync(guest.Name, guest, cancellationToken);
        await (await Task.WhenAny(guest.Completion, agent.Completion));
        return 0;
    }
    catch (Exception exception) when (exception is LiveUpdateException or GuestLostException)
    {
        Console.Error.WriteLine($"{arguments.GetValue(name)}: {exception.Message}");
        return 1;
    }
});
ParseResult parsed = command.Parse(args);
return parsed.Errors.Count > 0 ? Math.Max(2, parsed.Invoke()) : await parsed.InvokeAsync();
