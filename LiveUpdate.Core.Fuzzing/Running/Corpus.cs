using System.Text;

namespace LiveUpdate.Fuzzing.Running;

/// <summary>Writes what a coverage-guided fuzzer begins with.</summary>
internal static class Corpus
{
    /// <summary>Writes FOLDER/TARGET/NUMBER for each seed, and FOLDER/TARGET.dict with the words of each target.</summary>
    public static int Write(string folder)
    {
        foreach (string name in FuzzTargets.Names)
        {
            using FuzzTarget target = FuzzTargets.Make(name);
            string seeds = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
            for (int i = 0; i < target.Seeds.Count; i++)
                File.WriteAllBytes(Path.Combine(seeds, $"{i}"), target.Seeds[i]);
            var words = new StringBuilder();
            foreach (byte[] word in target.Words)
                words.Append('"').AppendJoin("", word.Select(static value => $"\\x{value:x2}")).Append("\"\n");
            File.WriteAllText(Path.Combine(folder, name + ".dict"), words.ToString());
        }

        return 0;
    }
}
