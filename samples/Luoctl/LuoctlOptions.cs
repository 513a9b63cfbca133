using System.CommandLine;
using LiveUpdate.Agent;

namespace LiveUpdate.Samples.Luoctl;

/// <summary>The options that every command has.</summary>
internal sealed class LuoctlOptions
{
    public Option<string> Directory { get; } = new("--directory", "-d")
    {
        Description = "The agent's directory, which has its sockets.",
        DefaultValueFactory = static _ => AgentClient.DefaultDirectory,
        Recursive = true,
    };

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "JSON instead of text: one object in a line; watch and update write one for each event.",
        Recursive = true,
    };
}
