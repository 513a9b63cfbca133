using System.CommandLine;
using HelloLiveUpdate;
using LiveUpdate;

// One Main serves every generation: the first one starts a virtual machine, every later one finds it running and goes on with it.
var ram = new Option<int>("--ram") { Description = "Guest RAM in MiB.", DefaultValueFactory = static _ => 1024 };
var generations = new Option<ulong>("--generations") { Description = "How many generations.", DefaultValueFactory = static _ => 3 };
var inProcess = new Option<bool>("--in-process") { Description = "Change generations within the process, as on systems other than Linux." };
ram.Validators.Add(result => Require(result.GetValueOrDefault<int>() > 0, result, "Guest RAM has 1 MiB or more."));
generations.Validators.Add(result => Require(result.GetValueOrDefault<ulong>() > 0, result, "There is one generation at least."));

var command = new RootCommand("A small hypervisor that is replaced while its guest keeps everything.") { ram, generations, inProcess };
command.SetAction(arguments =>
{
    bool staysInProcess = arguments.GetValue(inProcess) || !OperatingSystem.IsLinux();
    var hypervisor = new Hypervisor(arguments.GetValue(ram), arguments.GetValue(generations), staysInProcess);
    try
    {
        hypervisor.Run();
        return 0;
    }
    catch (Exception exception) when (exception is LiveUpdateException or LiveUpdateImageException or LostStateException)
    {
        Screen.Fail(exception.Message);
        return 1;
    }
});
return command.Parse(args).Invoke();

static void Require(bool condition, System.CommandLine.Parsing.OptionResult result, string message)
{
    if (!condition)
        result.AddError(message);
}
