using System.Collections.ObjectModel;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LiveUpdate.Agent;

/// <summary>How an agent serves. Read once, when the server is made.</summary>
[SupportedOSPlatform("linux")]
public sealed class AgentServerOptions
{
    /// <summary>The agent's directory, in which its two sockets are made; it must exist. <c>/run/luod</c> unless set.</summary>
    public string Directory { get; init; } = AgentProtocol.Directory;

    /// <summary>The mode of the two sockets: who may connect. 0600 unless set, the agent's own user alone.</summary>
    public UnixFileMode Mode { get; init; } = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The owner of the two sockets, by id; null for the process's user.</summary>
    public uint? Owner { get; init; }

    /// <summary>The group of the two sockets, by id; null for the process's.</summary>
    public uint? Group { get; init; }

    /// <summary>Users, by id, who may start and call off updates beside root and the agent's own user.</summary>
    public Collection<uint> Administrators { get; } = [];

    /// <summary>How many sessions, incoming ones included, a user may have; 1024 unless set. One more is EDQUOT.</summary>
    public int MaxSessionsPerUser { get; init; } = 1024;

    /// <summary>How many files a user may have preserved; 16 384 unless set. One more is EDQUOT.</summary>
    public int MaxFilesPerUser { get; init; } = 16384;

    /// <summary>How many bytes a user's preserved files may have, as large as they were when they were preserved; no limit unless set.</summary>
    public long MaxBytesPerUser { get; init; } = long.MaxValue;

    /// <summary>How many connections a user may have on the device socket, and as many on the update socket; 1024 unless set.</summary>
    public int MaxConnectionsPerUser { get; init; } = 1024;

    /// <summary>Whether the device has one opener at a time, as <c>/dev/liveupdate</c> has: EBUSY for the next. Off unless set.</summary>
    public bool ExclusiveDevice { get; init; }

    /// <summary>
    /// Whether the last close of an incoming session finishes it, as the kernel's does (reference S-21). Off unless set: it is parked, so that a
    /// program that dies between update and retrieve loses nothing.
    /// </summary>
    public bool CloseFinishes { get; init; }

    /// <summary>
    /// Where descriptors lie for an agent that dies; none unless set, and then clients see the end of the stream. Disposed with the server.
    /// </summary>
    public AgentStore Store { get; set; } = AgentStore.None;

    /// <summary>Test seam: how long a frame or a message may take from its first byte to its last.</summary>
    internal TimeSpan WholeFrameTime { get; init; } = AgentSocket.WholeFrameTime;

    /// <summary>Gets the messages of the agent; nobody unless set.</summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;
}
