using System.Collections;

namespace LiveUpdate;

/// <summary>The environment of a program that is executed or started.</summary>
internal static class ProcessEnvironment
{
    private static readonly string[] s_ownVariables = [ExecNotice.Variable, "LIVEUPDATE_SUCCESSOR"];

    /// <summary>Composes it as <c>NAME=value</c>.</summary>
    /// <param name="given">The variables; null for those of this process as the runtime has them.</param>
    /// <param name="name">A variable of the library's own. Others of its own are not passed on.</param>
    /// <param name="value">Its value.</param>
    public static List<string> Compose(IReadOnlyDictionary<string, string>? given, string name, string value)
    {
        var composed = new List<string>();
        if (given is not null)
        {
            foreach ((string key, string text) in given)
                Add(key, text);
        }
        else
        {
            foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
                Add((string)variable.Key, (string?)variable.Value ?? "");
        }

        composed.Add($"{name}={value}");
        return composed;

        void Add(string key, string text)
        {
            if (!s_ownVariables.Contains(key))
                composed.Add($"{key}={text}");
        }
    }
}
