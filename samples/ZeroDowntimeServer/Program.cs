using System.CommandLine;
using System.Runtime.Versioning;
using LiveUpdate;
using ZeroDowntimeServer.Driving;
using ZeroDowntimeServer.Serving;

[assembly: SupportedOSPlatform("linux")]

// One Main serves every generation of the server; without arguments it is the load that proves that nothing breaks.
if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("Only Linux passes descriptors from process to process.");
    return 1;
}

if (args is [ServerProcess.Argument, .. string[] how])
{
    try
    {
        return ServerProcess.Run(how is [var kind] ? Enum.Parse<Sabotage>(kind) : Sabotage.None);
    }
    catch (Exception exception) when (exception is LiveUpdateException or LiveUpdateImageException)
    {
        if (how.Length == 0)
            Console.Error.WriteLine(exception.Message);
        return 1;
    }
}

var updates = new Option<int>("--updates") { Description = "How often the server is updated.", DefaultValueFactory = static _ => 100 };
var connections = new Option<int>("--connections")
{
    Description = "How many connections ask all the time.",
    DefaultValueFactory = static _ => 32,
};
var failEvery = new Option<int>("--fail-every")
{
    Description = "After how many updates one is tried whose successor fails on purpose; 0 for never.",
    DefaultValueFactory = static _ => 10,
};
Require(updates, static value => value > 0, "There is one update at least.");
Require(connections, static value => value is > 0 and <= 200, "There are 1 to 200 connections.");
Require(failEvery, static value => value >= 0, "A number of updates is 0 or more.");

var command = new RootCommand("An echo server that is updated under load, and the load.") { updates, connections, failEvery };
command.SetAction((arguments, cancellation) =>
{
    var plan = new DrivePlan(arguments.GetValue(updates), arguments.GetValue(connections), arguments.GetValue(failEvery));
    return Driver.RunAsync(plan, cancellation);
});

// Time to have the server end, and to say so.
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });

static void Require(Option<int> option, Func<int, bool> isGood, string message) => option.Validators.Add(result =>
{
    if (result.Tokens.Count > 0 && !result.Errors.Any() && !isGood(result.GetValueOrDefault<int>()))
        result.AddError(message);
});
