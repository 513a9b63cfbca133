using System.CommandLine;
using System.CommandLine.Parsing;
using LiveUpdate.Agent;

namespace LiveUpdate.Samples.Luod;

/// <summary>The command line of the daemon.</summary>
internal sealed class LuodCommandLine
{
    private const int OctalBase = 8;

    private readonly Option<string> _directory = new("--directory", "-d")
    {
        Description = "Where the sockets are made.",
        DefaultValueFactory = static _ => "/run/luod",
    };

    private readonly Option<LuodBackEnd> _backEnd = new("--back-end", "-b")
    {
        Description = "What an update replaces: this daemon (managed), or the kernel.",
        DefaultValueFactory = static _ => LuodBackEnd.Managed,
    };

    private readonly Option<string> _device = new("--device")
    {
        Description = "The control device of the kernel back end.",
        DefaultValueFactory = static _ => "/dev/liveupdate",
    };

    private readonly Option<bool> _keeper = new("--keeper")
    {
        Description = "Start the daemon as a child, keep its descriptors, and start it again when it dies.",
    };

    private readonly Option<UnixFileMode> _mode = new("--mode")
    {
        Description = "The mode of the sockets, octal.",
        DefaultValueFactory = static _ => UnixFileMode.UserRead | UnixFileMode.UserWrite,
        CustomParser = ParseMode,
    };

    private readonly Option<uint?> _owner = new("--owner") { Description = "The user id that the sockets belong to." };

    private readonly Option<uint?> _group = new("--group") { Description = "The group id that the sockets belong to." };

    private readonly Option<uint[]> _administrators = new("--admin")
    {
        Description = "A user id that may start updates, beside root and the daemon's own user.",
    };

    private readonly Option<int> _sessions = Limit("--max-sessions", "How many sessions a user may have.", 1024);

    private readonly Option<int> _files = Limit("--max-files", "How many files a user may have preserved.", 16384);

    private readonly Option<int> _connections = Limit("--max-connections", "How many connections a user may have on each socket.", 1024);

    private readonly Option<long> _bytes = new("--max-bytes")
    {
        Description = "How many bytes the preserved files of a user may have.",
        DefaultValueFactory = static _ => long.MaxValue,
    };

    private readonly Option<bool> _exclusive = new("--exclusive") { Description = "One opener of the device at a time, as the kernel has." };

    private readonly Option<bool> _closeFinishes = new("--close-finishes")
    {
        Description = "The last close of an incoming session finishes it, as the kernel does, instead of parking it.",
    };

    private readonly Option<bool> _discard = new("--discard-unfinished")
    {
        Description = "An update drops what came with an earlier one and nobody has claimed, instead of being refused.",
    };

    private readonly Option<long> _memory = new("--memory")
    {
        Description = "The preserved memory of the managed back end, in bytes.",
        DefaultValueFactory = static _ => 64L << 20,
    };

    private readonly Option<LuodLogFormat> _log = new("--log")
    {
        Description = "How messages are written to standard error.",
        DefaultValueFactory = static _ => LuodLogFormat.Text,
    };

    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "More messages." };

    public LuodCommandLine() => Command = new RootCommand("Holds the live update sessions of this machine's programs, and carries updates out with them.")
    {
        _directory, _backEnd, _device, _keeper, _mode, _owner, _group, _administrators, _sessions, _files, _connections, _bytes, _exclusive,
        _closeFinishes, _discard, _memory, _log, _verbose,
    };

    /// <summary>The command.</summary>
    public RootCommand Command { get; }

    /// <summary>What was said.</summary>
    public LuodSettings Read(ParseResult parsed)
    {
        var server = new AgentServerOptions
        {
            Directory = parsed.GetValue(_directory)!,
            Mode = parsed.GetValue(_mode),
            Owner = parsed.GetValue(_owner),
            Group = parsed.GetValue(_group),
            MaxSessionsPerUser = parsed.GetValue(_sessions),
            MaxFilesPerUser = parsed.GetValue(_files),
            MaxConnectionsPerUser = parsed.GetValue(_connections),
            MaxBytesPerUser = parsed.GetValue(_bytes),
            ExclusiveDevice = parsed.GetValue(_exclusive),
            CloseFinishes = parsed.GetValue(_closeFinishes),
        };
        foreach (uint user in parsed.GetValue(_administrators) ?? [])
            server.Administrators.Add(user);
        return new LuodSettings
        {
            BackEnd = parsed.GetValue(_backEnd),
            IsKeeper = parsed.GetValue(_keeper),
            Device = parsed.GetValue(_device)!,
            Memory = parsed.GetValue(_memory),
            DiscardsUnfinished = parsed.GetValue(_discard),
            Log = parsed.GetValue(_log),
            IsVerbose = parsed.GetValue(_verbose),
            Server = server,
        };
    }

    private static Option<int> Limit(string name, string description, int value)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[0].Value, out int given) && given < 0)
                result.AddError($"{name} is not negative.");
        });
        return option;
    }

    private static UnixFileMode ParseMode(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (text.Length is > 0 and <= 4 && text.All(static digit => digit is >= '0' and < '8'))
            return (UnixFileMode)Convert.ToInt32(text, OctalBase);
        result.AddError($"--mode is octal, as 0660, and not \"{text}\".");
        return default;
    }
}
