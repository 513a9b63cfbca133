using LiveUpdate.Fuzzing.Running;

namespace LiveUpdate.Fuzzing;

/// <summary>
/// Gives every reader of foreign bytes bytes that nobody wrote: random changes of right ones (<c>mutate</c>), or those that coverage leads
/// to (<c>afl</c>, started by eng/fuzz).
/// </summary>
internal static class Program
{
    private const string Usage = """
        list                                        the targets
        mutate [TARGET...] [--seconds N] [--count N] [--seed N] [--workers N] [--patience N]
        reproduce TARGET FILE | reproduce FOLDER    inputs again; a folder has one of each target
        corpus FOLDER                               writes the seeds of every target, and its dictionary
        afl TARGET                                  for afl-fuzz, after this program's library was instrumented
        """;

    private static int Main(string[] args)
    {
        try
        {
            return args switch
            {
                ["list"] => List(),
                ["mutate", ..] => new MutateCommand(FuzzArguments.Parse(args.AsSpan(1))).Run(),
                ["worker", var folder, ..] => Work(folder, FuzzArguments.Parse(args.AsSpan(2))),
                ["reproduce", var folder] => Reproduction.OfFolder(folder),
                ["reproduce", var target, var file] => Reproduction.OfFile(target, file),
                ["corpus", var folder] => Corpus.Write(folder),
                ["afl", var target] => AflCommand.Run(target),
                _ => throw new FormatException(Usage),
            };
        }
        catch (FormatException exception)
        {
            Console.Error.WriteLine(exception.Message);
            return 2;
        }
    }

    private static int List()
    {
        foreach (string name in FuzzTargets.Names)
            Console.WriteLine(name);
        return 0;
    }

    private static int Work(string folder, FuzzArguments arguments)
    {
        MutateWorker.Run(folder, arguments);
        return 0;
    }
}
