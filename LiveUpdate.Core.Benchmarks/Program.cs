using System.Globalization;
using System.Runtime.Versioning;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using LiveUpdate.Benchmarks;
using LiveUpdate.Benchmarks.Agent;

[assembly: SupportedOSPlatform("linux")]

// dotnet run -c Release --project LiveUpdate.Core.Benchmarks -- [filter]
// Without a filter everything runs; at the end stands the table of docs/performance.md.
// dotnet run -c Release --project LiveUpdate.Core.Benchmarks -- pause [turns]
// The pause of updates between processes: programs of their own, so not with BenchmarkDotNet.
// dotnet run -c Release --project LiveUpdate.Core.Benchmarks -- agent [filter]
// Requests through the agent, beside the device without one and a bare round trip: BenchmarkDotNet, the other sides are processes.
// dotnet run -c Release --project LiveUpdate.Core.Benchmarks -- agent-update [clients [updates]] [jit]
// Updates of luod with many clients; "jit" leaves out the programs that are compiled ahead of time.
switch (args)
{
    case ["pause", ..]:
        return PauseBenchmark.Run(Number(1, 5));
    case ["agent", ..]:
        return AgentBenchmark.Run(args.Length > 1 ? args[1] : "*");
    case ["agent-update", ..]:
        return UpdateBenchmark.Run(clients: Number(1, 1000), updates: Number(2, 10), isNative: !args.Contains("jit"));
    case [AgentWork.AgentVerb, var directory]:
        await ServingAgent.RunAsync(directory);
        return 0;
    case [AgentWork.EchoVerb, var path]:
        EchoServer.Run(path);
        return 0;
    case [UpdateClients.Verb, var directory, _, _]:
        await UpdateClients.RunAsync(directory, Number(2, 0), Number(3, 0));
        return 0;
}

Type[] types = [typeof(WriteRecords), typeof(FrozenPath), typeof(PreserveFiles), typeof(RetrieveFiles), typeof(ReadImage)];
Target[] targets =
[
    new("write the records / copy", typeof(WriteRecords), nameof(WriteRecords.Write), nameof(WriteRecords.Copy), 1.25),
    new("freeze and serialize / copy", typeof(FrozenPath), nameof(FrozenPath.Freeze), nameof(FrozenPath.Copy), 5),
    new("preserve / Dictionary.Add and HashSet.Add",
        typeof(PreserveFiles), nameof(PreserveFiles.Preserve), nameof(PreserveFiles.Collections), 2),
    new("preserve / the same under a lock",
        typeof(PreserveFiles), nameof(PreserveFiles.Preserve), nameof(PreserveFiles.CollectionsUnderLock)),
    new("retrieve / Dictionary lookup", typeof(RetrieveFiles), nameof(RetrieveFiles.Retrieve), nameof(RetrieveFiles.Lookup), 2),
    new("retrieve / lookup, one at a time", typeof(RetrieveFiles), nameof(RetrieveFiles.Retrieve), nameof(RetrieveFiles.LookupOneAtATime)),
    new("retrieve again / lookup, one at a time",
        typeof(RetrieveFiles), nameof(RetrieveFiles.RetrieveAgain), nameof(RetrieveFiles.LookupOneAtATime)),
    new("deserialize / objects and Dictionary, size known",
        typeof(ReadImage), nameof(ReadImage.Deserialize), nameof(ReadImage.BuildWithCapacity), 0.5),
    new("deserialize / objects and Dictionary that grows", typeof(ReadImage), nameof(ReadImage.Deserialize), nameof(ReadImage.Build)),
];

string filter = args.Length > 0 ? args[0] : "*";
Summary[] summaries = [.. BenchmarkSwitcher.FromTypes(types).Run(["--filter", filter], new BenchmarkConfig())];
BenchmarkReport[] reports = [.. summaries.SelectMany(static summary => summary.Reports)];
List<TargetResult> results = [.. targets.SelectMany(target => target.Evaluate(reports))];
if (args.Length == 0)
    results.AddRange([.. AllocatedBytes.Measure(), HeapPerFile.Measure()]);

Console.WriteLine();
Console.WriteLine("| 1,000,000 files in two sessions unless given; medians a file | target | measured | reached |");
Console.WriteLine("|---|---|---|---|");
foreach (TargetResult result in results)
    Console.WriteLine(result);
return reports.Length > 0 && reports.All(static report => report.Success) ? 0 : 1;

int Number(int index, int missing) =>
    index < args.Length && int.TryParse(args[index], CultureInfo.InvariantCulture, out int number) ? number : missing;
