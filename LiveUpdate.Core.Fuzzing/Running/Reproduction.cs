namespace LiveUpdate.Fuzzing.Running;

/// <summary>Runs inputs again, at both edges and with right checksums; what they throw reaches the caller.</summary>
internal static class Reproduction
{
    /// <summary>Runs every input of a folder that has one for each target.</summary>
    public static int OfFolder(string folder)
    {
        int count = 0;
        foreach (string inputs in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            using FuzzTarget target = FuzzTargets.Make(Path.GetFileName(inputs));
            foreach (string input in Directory.EnumerateFiles(inputs).Order(StringComparer.Ordinal))
            {
                Run(target, input);
                count++;
            }
        }

        Console.WriteLine($"reproduce: inputs {count}");
        return 0;
    }

    /// <summary>Runs one input.</summary>
    public static int OfFile(string name, string file)
    {
        using FuzzTarget target = FuzzTargets.Make(name);
        Run(target, file);
        return 0;
    }

    private static void Run(FuzzTarget target, string file)
    {
        string folder = Directory.CreateTempSubdirectory("liveupdate-fuzzing-").FullName;
        using RunningInput place = RunningInput.Create(folder, target.MaxLength);
        Directory.Delete(folder, recursive: true);
        var run = new TargetRun(target, place);
        byte[] input = File.ReadAllBytes(file);
        run.Run(input, atStart: true);
        run.Run(input, atStart: true, mended: true);
        run.Run(input, atStart: false, mended: true);
        Console.WriteLine($"{target.Name} {Path.GetFileName(file)}: {run.Run(input, atStart: false)}");
    }
}
