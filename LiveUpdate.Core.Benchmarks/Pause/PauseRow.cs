namespace LiveUpdate.Benchmarks;

/// <summary>One way to update a program, as measured: what is started, and what it printed.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Program">The program and its arguments; each start measures several updates.</param>
internal sealed record PauseRow(string Name, IReadOnlyList<string> Program)
{
    private readonly Dictionary<string, List<double>> _figures = [];

    /// <summary>How many updates were measured.</summary>
    public int Count => CountOf("pause");

    /// <summary>How often a figure was measured.</summary>
    public int CountOf(string figure) => _figures.TryGetValue(figure, out List<double>? values) ? values.Count : 0;

    /// <summary>Adds what a start printed.</summary>
    public void Add(string line)
    {
        string[] words = line.Split(' ');
        for (int i = 0; i + 1 < words.Length; i += 2)
        {
            if (!double.TryParse(words[i + 1], System.Globalization.CultureInfo.InvariantCulture, out double value))
                throw new InvalidDataException($"{Name} printed \"{line}\".");
            if (!_figures.TryGetValue(words[i], out List<double>? values))
                _figures.Add(words[i], values = []);
            values.Add(value);
        }
    }

    /// <summary>A share of the updates had at most this value, in microseconds; NaN if none was measured.</summary>
    public double Quantile(string figure, double share)
    {
        if (!_figures.TryGetValue(figure, out List<double>? values))
            return double.NaN;
        double[] sorted = [.. values.Order()];
        return sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * share)];
    }

    /// <summary>The median of a figure, in microseconds; NaN if none was measured.</summary>
    public double Median(string figure) => Quantile(figure, 0.5);
}
