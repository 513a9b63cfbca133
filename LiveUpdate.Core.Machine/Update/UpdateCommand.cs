using System.Globalization;

namespace LiveUpdate.Machine.Update;

/// <summary>update STAGE STAGES SMALL|LARGE: a generation in each stage, each updated by the library into the next kernel.</summary>
internal static class UpdateCommand
{
    public static int Run(string[] args)
    {
        int stage = int.Parse(args[0], CultureInfo.InvariantCulture), stages = int.Parse(args[1], CultureInfo.InvariantCulture);
        using var generation = new Generation(stage, args[2] == "large" ? Content.Large : Content.Small);
        if (stage == 1)
            Check.Equal(null, generation.Luo.PreviousUpdate, "the update before a cold start");
        else
            generation.Claim();
        if (stage == stages)
            return 0;
        generation.Preserve();
        generation.Luo.HandOver(HandoverTarget.Kernel());
        return 1;
    }
}
