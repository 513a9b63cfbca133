namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>A file of scenarios: all of them share each boot, and every line belongs to the stage its scenario has reached.</summary>
internal sealed class ScenarioFile
{
    private const string ScenarioPrefix = "scenario ";
    private const string Kexec = "kexec";

    private readonly List<List<string>> _stages = [];

    /// <summary>The lines of each stage, in file order.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Stages => _stages;

    /// <summary>Reads a file.</summary>
    public static ScenarioFile Read(string path) => Parse(File.ReadLines(path));

    /// <summary>Sorts lines into stages. Empty lines and comments belong to none.</summary>
    public static ScenarioFile Parse(IEnumerable<string> lines)
    {
        var file = new ScenarioFile();
        int stage = 0;
        foreach (string line in lines)
        {
            if (line.StartsWith(ScenarioPrefix, StringComparison.Ordinal))
                stage = 0;
            if (line == Kexec)
                stage++;
            else if (line.AsSpan().TrimStart(' ') is not [] and not ['#', ..])
                file.StageAt(stage).Add(line);
        }

        return file;
    }

    private List<string> StageAt(int stage)
    {
        while (_stages.Count <= stage)
            _stages.Add([]);
        return _stages[stage];
    }
}
