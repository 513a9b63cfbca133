using System.Runtime.Versioning;
using LiveUpdate.Machine.Agent;
using LiveUpdate.Machine.Contract;
using LiveUpdate.Machine.Errors;
using LiveUpdate.Machine.Guards;
using LiveUpdate.Machine.Speed;
using LiveUpdate.Machine.Update;

[assembly: SupportedOSPlatform("linux")]

namespace LiveUpdate.Machine;

/// <summary>
/// What runs in the test machine of eng/kernel: the first argument names a subcommand, the others are its own. It prints what it finds;
/// 0 says that all of it was right.
/// </summary>
internal static class Program
{
    private static readonly Dictionary<string, Func<string[], int>> s_commands = new()
    {
        ["start"] = StartCommand.Run,
        ["contract"] = ContractCommand.Run,
        ["guards"] = GuardsCommand.Run,
        ["errors"] = ErrorsCommand.Run,
        ["speed"] = SpeedCommand.Run,
        ["update"] = UpdateCommand.Run,
        ["failures"] = FailuresCommand.Run,
        ["caller"] = CallerCommand.Run,
        ["damage"] = DamageCommand.Run,
        ["unprepared"] = UnpreparedCommand.Run,
        ["agent"] = AgentCommand.Run,
    };

    private static int Main(string[] args)
    {
        if (args.Length == 0 || !s_commands.TryGetValue(args[0], out Func<string[], int>? command))
        {
            Console.Error.WriteLine($"usage: LiveUpdate.Core.Machine {string.Join('|', s_commands.Keys)} [ARGUMENT ...]");
            return 2;
        }

        try
        {
            return command(args[1..]);
        }
        catch (Exception exception)
        {
            // The console is all that the host sees of the machine.
            Console.Error.WriteLine($"{args[0]}: {exception}");
            return 1;
        }
    }
}
