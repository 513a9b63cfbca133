using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>The server side of the update socket: takes connections that were accepted, and runs updates.</summary>
[SupportedOSPlatform("linux")]
internal sealed class UpdateServer : IAsyncDisposable
{
    /// <summary>Makes one without connections.</summary>
    public UpdateServer(UpdateHost host, TimeProvider? time = null, ILogger? logger = null) => throw new NotImplementedException();

    /// <summary>Where the update is.</summary>
    public AgentUpdatePhase Phase => throw new NotImplementedException();

    /// <summary>The sockets by key, for the successor or for what keeps them; owned by the server.</summary>
    public IReadOnlyDictionary<int, System.Runtime.InteropServices.SafeHandle> Sockets => throw new NotImplementedException();

    /// <summary>Refuses a connection that was accepted: says why and closes it.</summary>
    public static void Refuse(SafeFileHandle socket, LiveUpdateError error, string reason) => throw new NotImplementedException();

    /// <summary>Runs a connection.</summary>
    /// <param name="key">Its number, which nobody else has; the same in a successor, and after the agent's death.</param>
    /// <param name="socket">The connected socket; owned by the server from now on.</param>
    /// <param name="user">The user id of the process at the other end.</param>
    /// <param name="isAfterCrash">Whether an agent that died had it before: the client is told.</param>
    public void Adopt(int key, SafeFileHandle socket, uint user, bool isAfterCrash = false) => throw new NotImplementedException();

    /// <summary>
    /// Brings all connections to rest, and says what a successor must know of them. Nothing is taken from a socket, and nothing sent, from
    /// here to the end of the process; or until <see cref="UpdateHost.HandOverAsync"/> throws.
    /// </summary>
    public Task<byte[]> SaveAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Goes on in a successor: everybody is told <c>updated</c>, and claiming begins. Once, before any other connection is adopted.</summary>
    /// <param name="saved">What <see cref="SaveAsync"/> gave.</param>
    /// <param name="sockets">The sockets by key; owned by the server from now on. What has none counts as gone.</param>
    /// <exception cref="LiveUpdateException">EPROTO: what was saved cannot be read. The sockets are closed then.</exception>
    public void Restore(ReadOnlyMemory<byte> saved, IReadOnlyDictionary<int, SafeFileHandle> sockets) => throw new NotImplementedException();

    /// <summary>Begins claiming behind a kexec: who subscribes from now on is told <c>updated</c>.</summary>
    /// <param name="update">The number of the update.</param>
    /// <param name="claimTime">How long.</param>
    /// <param name="expected">The names of those who took part: when all have finished it is over. Null if they are not known.</param>
    public void BeginClaiming(ulong update, TimeSpan claimTime, IReadOnlyCollection<string>? expected) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
