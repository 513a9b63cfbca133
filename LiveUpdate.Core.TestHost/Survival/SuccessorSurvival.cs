using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Survival;

/// <summary>
/// Opens a descriptor of every kind, starts another process that gets them, and ends; the other one says of each whether it works then.
/// </summary>
internal static class SuccessorSurvival
{
    public const string ProbeCommand = "survival-probe";

    public static void Open()
    {
        using var luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { Handlers = { new MemfdHandler(), new DescriptorHandler() } });
        using LiveUpdateDevice device = luo.OpenDevice();
        Session session = device.CreateSession(Scenario.SessionName);

        // Its read end is at its end when this process is: the other one waits for that.
        var lifeline = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.None);
        List<string> arguments = [.. ThisProgram.With(ProbeCommand, Pass(lifeline.ClientSafePipeHandle))];
        for (int kind = 0; kind < Probes.All.Length; kind++)
        {
            SafeHandle[] files = Probes.All[kind].Open();
            if (SurvivalScenario.TryPreserve(session, kind, files))
                arguments.Add($"{kind}:{string.Join(',', files.Select(Pass))}");
        }

        Console.Out.Flush();
        Process.Start(ThisProgram.File, arguments).Dispose();
        Environment.Exit(0);
    }

    public static void Report(string[] arguments)
    {
        using (SafeFileHandle lifeline = SurvivalLibc.Owned(int.Parse(arguments[1])))
            SurvivalLibc.Read(lifeline);
        foreach (string argument in arguments.AsSpan(2))
        {
            string[] parts = argument.Split(':');
            Probes.All[int.Parse(parts[0])].Report([.. parts[1].Split(',').Select(number => SurvivalLibc.Owned(int.Parse(number)))]);
        }
    }

    private static string Pass(SafeHandle file)
    {
        SurvivalLibc.PassOn(file);
        using var held = new HeldHandle(file);
        return $"{held.Number}";
    }
}
