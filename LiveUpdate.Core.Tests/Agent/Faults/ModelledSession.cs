using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>A session as its client knows it by what it was told, whatever became of the agent.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ModelledSession(string name, Session? session) : IDisposable
{
    /// <summary>The name.</summary>
    public string Name => name;

    /// <summary>The session while it is open; null while it is parked.</summary>
    public Session? Session { get; set; } = session;

    /// <summary>Whether it came by an update.</summary>
    public bool IsIncoming { get; set; }

    /// <summary>Whether it is finished.</summary>
    public bool IsFinished { get; set; }

    /// <summary>What is preserved in it, by token; none once it is finished.</summary>
    public Dictionary<ulong, SafeFileHandle> Files { get; } = [];

    /// <summary>The tokens of those that were retrieved.</summary>
    public HashSet<ulong> Retrieved { get; } = [];

    /// <summary>Whether a descriptor leads to the same file.</summary>
    public bool IsSame(ulong token, SafeFileHandle file) => DescriptorInfo.Identify(Files[token]) == DescriptorInfo.Identify(file);

    /// <summary>Lets the files go.</summary>
    public void Forget()
    {
        foreach (SafeFileHandle file in Files.Values)
            file.Dispose();
        Files.Clear();
        Retrieved.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Session?.Dispose();
        Forget();
    }
}
