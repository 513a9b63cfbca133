using System.Globalization;
using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent.Store;

/// <summary>The keeper with real processes: agents that die at once, that do not stop, that leave their socket to others.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AgentKeeperTests
{
    private const string Shell = "/bin/sh";
    private const int Killed = 128 + 9;
    private const int Terminated = 128 + 15;

    private readonly ListLogger _logger = new(LogLevel.Information);

    [Test]
    public void An_agent_that_is_killed_at_any_moment_comes_back_with_exactly_what_it_stored()
    {
        int seed = Random.Shared.Next(1 << 24);
        TestContext.Out.WriteLine($"kept-rounds 15 {seed}");
        ProgramRun run = ProgramRun.OfAssembly("LiveUpdate.Core.TestHost", "kept-rounds", "15", $"{seed}");
        foreach (string line in run.Lines)
            TestContext.Out.WriteLine(line);
        Assert.That(run.Lines[^2], Is.EqualTo("15 lives, nothing lost and nothing left over"), run.Errors);
        int operations = int.Parse(run.Lines[^1].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.That(operations, Is.GreaterThan(15), "Each life but those that die while they are compiled does several.");
        Assert.That(run.ExitCode, Is.Zero);
    }

    [Test]
    public void A_successor_that_got_the_socket_is_the_agent()
    {
        ProgramRun run = ProgramRun.OfAssembly("LiveUpdate.Core.TestHost", "kept-heirs");
        Assert.That(run.Lines[1..], Is.EqualTo(new[]
        {
            "successor: given 0, has a keeper True",
            run.Lines[2],
            "agent: given by-agent by-successor",
            "successor: given 0, has a keeper True",
            "successor: told to stop True",
            "the keeper ends with 0",
        }), run.Errors);
        Assert.That(run.Lines[0], Is.EqualTo("agent: given "));
        Assert.That(
            run.Lines[2],
            Does.Match(@"^log: The agent died \(process \d+\); it is started again, with 2 descriptors"),
            "No child of the keeper's: nobody says how.");
    }

    [Test]
    public void A_program_that_is_not_there_is_an_error()
    {
        LiveUpdateException refusal = Refused.With(LiveUpdateError.NotFound, () => AgentKeeper.Run("/nowhere/luod", []));
        Assert.That(refusal.Message, Does.Contain("/nowhere/luod"));
        Refused.With(LiveUpdateError.AccessDenied, () => AgentKeeper.Run("/etc/passwd", []));
    }

    [TestCase("exit 0", "exit code 0")]
    [TestCase("exit 3", "exit code 3")]
    [TestCase("kill -SEGV $$", "signal 11")]
    public void An_agent_that_dies_again_and_again_is_given_up(string script, string ending)
    {
        int code = AgentKeeper.Run(Shell, ["-c", script], Options());
        Assert.That(code, Is.EqualTo(AgentKeeper.GaveUp));
        Assert.That(Starts, Has.Length.EqualTo(3));
        Assert.That(Said("The agent died ("), Has.All.Contains(ending).And.Exactly(2).Items);
        Assert.That(_logger.Messages[^1], Does.StartWith("The agent died 3 times within 01:00:00, and is given up; 0 descriptors"));
    }

    [Test]
    public void A_program_that_is_gone_when_it_is_to_be_started_again_counts_as_a_death()
    {
        string folder = Directory.CreateTempSubdirectory("keeper-").FullName;
        string program = Path.Combine(folder, "agent");
        File.WriteAllText(program, $"#!{Shell}\nrm \"$0\"\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            Assert.That(AgentKeeper.Run(program, [], Options()), Is.EqualTo(AgentKeeper.GaveUp));
            Assert.That(Said("The agent cannot be started: "), Has.Length.EqualTo(2));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void The_agent_gets_arguments_environment_and_the_socket_and_nothing_else()
    {
        string output = Path.GetTempFileName();
        try
        {
            AgentKeeper.Run(
                Shell,
                ["-c", "echo \"$0 $1 $NAME ${LIVEUPDATE_AGENT_KEEPER%:*}\" >>$OUT; ls /proc/$$/fd >>$OUT", "a", "b c"],
                Options(
                    maxDeaths: 1,
                    environment: new() { ["NAME"] = "value", ["OUT"] = output, ["PATH"] = "/usr/bin:/bin", [KeeperNotice.Variable] = "old" }));
            Assert.That(File.ReadAllLines(output), Is.SupersetOf(new[] { "a b c value v1:3", "0", "1", "2", "3" }));
        }
        finally
        {
            File.Delete(output);
        }
    }

    [Test]
    public void An_agent_is_told_to_stop_when_its_keeper_is()
    {
        int code = RunUntilStarted(["-c", "exec sleep 1000"], Options());
        Assert.That(code, Is.EqualTo(Terminated));
        Assert.That(Starts, Has.Length.EqualTo(1));
    }

    [Test]
    public void An_agent_that_does_not_stop_is_killed()
    {
        int code = RunUntilStarted(["-c", "trap '' TERM; while :; do sleep 0.01; done"], Options(stop: 300));
        Assert.That(code, Is.EqualTo(Killed).Or.EqualTo(Terminated), "It may have been told before it could refuse.");
        if (code == Killed)
            Assert.That(_logger.Messages, Has.Some.StartsWith("The agent did not end within"));
    }

    [Test]
    public void A_keeper_that_is_told_before_it_starts_stops_its_agent()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.That(AgentKeeper.Run(Shell, ["-c", "exec sleep 1000"], Options(), stop.Token), Is.EqualTo(Terminated));
    }

    [Test]
    public void A_socket_that_others_have_is_cut_off_when_no_successor_says_hello()
    {
        int code = AgentKeeper.Run(Shell, ["-c", "sleep 20 & exit 1"], Options(maxDeaths: 2, successor: 100));
        Assert.That(code, Is.EqualTo(AgentKeeper.GaveUp));
        Assert.That(Said("The agent has ended, and somebody has its socket still"), Has.Length.EqualTo(2));
    }

    [Test]
    public void An_agent_that_lets_its_socket_go_and_lives_is_killed_before_the_next_is_started()
    {
        int code = AgentKeeper.Run(Shell, ["-c", "exec sleep 1000 3>&-"], Options(maxDeaths: 1));
        Assert.That(code, Is.EqualTo(AgentKeeper.GaveUp));
        Assert.That(_logger.Messages, Has.Some.Contains("has let the keeper's socket go and does not end; it is killed"));
    }

    [Test]
    public void When_a_successor_dies_the_process_before_it_is_the_agent_again()
    {
        using var family = new KeeperFamily(_logger);
        using ProcessHandle old = StartSleep();
        using ProcessHandle heir = StartSleep();
        family.Add(new KeeperProcess(old.Id, DescriptorInfo.Duplicate(old.Descriptor)));
        family.Greet(heir.Id, DescriptorInfo.Duplicate(heir.Descriptor));
        Assert.That(family.Current!.Id, Is.EqualTo(heir.Id));
        heir.TryKill();
        Assert.That(family.Current!.Id, Is.EqualTo(old.Id));
        Assert.That((family.Last!.Id, family.Last.ExitCode), Is.EqualTo((heir.Id, (int?)Killed)));
        family.Greet(old.Id, null);
        family.Kill();
        family.End();
        Assert.That((family.Current, family.Last!.Ending), Is.EqualTo(((object?)null, $"process {old.Id}, signal 9")));
    }

    [Test]
    public void What_is_no_process_does_not_become_the_agent()
    {
        using var family = new KeeperFamily(_logger);
        using ProcessHandle agent = StartSleep();
        family.Add(new KeeperProcess(agent.Id, DescriptorInfo.Duplicate(agent.Descriptor)));
        SafeFileHandle file = new TestMemfd().Handle;
        family.Greet(agent.Id + 1, file);
        family.Greet(agent.Id + 2, null);
        Assert.That((family.Current!.Id, file.IsClosed), Is.EqualTo((agent.Id, true)));
        for (int i = 0; i < 100; i++)
            family.Greet(1_000_000 + i, DescriptorInfo.Duplicate(agent.Descriptor));
        agent.TryKill();
        Assert.That(family.Current, Is.Null);
    }

    [Test]
    public void Options_out_of_range_are_refused()
    {
        AgentKeeperOptions[] wrong =
        [
            new() { MaxDescriptors = 0 }, new() { MaxDeaths = 0 }, new() { DeathsWithin = TimeSpan.FromSeconds(-1) },
            new() { RestartDelay = TimeSpan.FromSeconds(-1) }, new() { StopTimeout = TimeSpan.FromSeconds(-1) },
            new() { SuccessorTimeout = TimeSpan.FromSeconds(-1) },
        ];
        foreach (AgentKeeperOptions options in wrong)
            Assert.Throws<ArgumentOutOfRangeException>(() => AgentKeeper.Run(Shell, [], options));
        Assert.Throws<ArgumentException>(() => AgentKeeper.Run("", []));
        Assert.Throws<ArgumentNullException>(() => AgentKeeper.Run(Shell, null!));
        Assert.Throws<ArgumentNullException>(() => AgentKeeper.Run(Shell, [], new AgentKeeperOptions { Logger = null! }));
        Assert.Throws<ArgumentException>(() => AgentKeeper.Run(Shell, ["a\0b"]));
    }

    [Test]
    public void Fewer_descriptors_than_wanted_are_said()
    {
        AgentKeeper.Run(Shell, ["-c", "exit 0"], new AgentKeeperOptions { MaxDescriptors = int.MaxValue, MaxDeaths = 1, Logger = _logger });
        Assert.That(_logger.Messages[0], Does.StartWith("The keeper can keep ").And.Contain("RLIMIT_NOFILE"));
    }

    private string[] Starts => Said("The agent was started");

    private string[] Said(string beginning) =>
        [.. _logger.Messages.Where(message => message.StartsWith(beginning, StringComparison.Ordinal))];

    private AgentKeeperOptions Options(
        int maxDeaths = 3, int stop = 60_000, int successor = 60_000, Dictionary<string, string>? environment = null)
    {
        return new AgentKeeperOptions
        {
            MaxDescriptors = 10,
            MaxDeaths = maxDeaths,
            DeathsWithin = TimeSpan.FromHours(1),
            RestartDelay = TimeSpan.FromMilliseconds(1),
            StopTimeout = TimeSpan.FromMilliseconds(stop),
            SuccessorTimeout = TimeSpan.FromMilliseconds(successor),
            Environment = environment,
            Logger = _logger,
        };
    }

    // The token is cancelled by another thread once the agent runs.
    private int RunUntilStarted(string[] arguments, AgentKeeperOptions options)
    {
        using var stop = new CancellationTokenSource();
        Task<int> run = Task.Run(() => AgentKeeper.Run(Shell, arguments, options, stop.Token));
        while (Starts.Length == 0 && !run.IsCompleted)
            Thread.Sleep(5);
        Thread.Sleep(100);
        stop.Cancel();
        return run.GetAwaiter().GetResult();
    }

    private static ProcessHandle StartSleep()
    {
        using SafeFileHandle nothing = new TestMemfd().Handle;
        using var arguments = new NativeStringArray(["sleep", "1000"]);
        using var environment = new NativeStringArray([]);
        return ChildProcess.Start("/bin/sleep", arguments, environment, nothing);
    }
}
