using System.Globalization;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>The command line.</summary>
/// <param name="Path">The scenario file.</param>
/// <param name="Device">What is asked.</param>
/// <param name="Stage">With the real device: the stage to run, from 1.</param>
/// <param name="Hold">Whether to stay alive after it, so that the sessions that are open reach the kexec.</param>
internal sealed record ScenarioArguments(string Path, ScenarioDevice Device, int Stage, bool Hold)
{
    /// <summary>How the program is called.</summary>
    public const string Usage = "usage: ScenarioRunner FILE.ops [--device managed|agent|kernel] [--stage N] [--hold]";

    /// <summary>Reads the command line; null if it is wrong. A kernel's stage must be named; the others run all.</summary>
    public static ScenarioArguments? Parse(string[] args)
    {
        var parsed = new ScenarioArguments("", ScenarioDevice.Managed, Stage: 0, Hold: false);
        for (int i = 0; i < args.Length; i++)
        {
            string? next = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--device" when next is "kernel" or "agent" or "managed":
                    parsed = parsed with { Device = Enum.Parse<ScenarioDevice>(args[++i], ignoreCase: true) };
                    break;
                case "--stage" when int.TryParse(next, NumberStyles.None, CultureInfo.InvariantCulture, out int stage) && stage > 0:
                    parsed = parsed with { Stage = stage };
                    i++;
                    break;
                case "--hold":
                    parsed = parsed with { Hold = true };
                    break;
                case ['-', '-', ..]:
                    return null;
                default:
                    if (parsed.Path.Length > 0)
                        return null;
                    parsed = parsed with { Path = args[i] };
                    break;
            }
        }

        bool isKernel = parsed.Device == ScenarioDevice.Kernel;
        return parsed.Path.Length > 0 && isKernel == (parsed.Stage > 0) && (isKernel || !parsed.Hold) ? parsed : null;
    }
}
