using System.Runtime.Versioning;
using LiveUpdate.Interop;

namespace LiveUpdate;

/// <summary>
/// How a successor is ended that must not act any more: killed; or left alone where the system does not let this process kill it, as
/// when it runs as another user by now.
/// </summary>
/// <remarks>
/// One that is left alone cannot take over either: before the go it has nothing to take over, and after the go it looks, before it acts
/// without a commit, whether the hand-over still stands (<see cref="LiveUpdateEngine.IsStillHandedOver"/>). All that it can do is exit, and
/// it does so when it sees the end of the stream.
/// </remarks>
/// <param name="channel">The channel to it.</param>
/// <param name="report">Told of one that has not ended by itself, and holds copies of descriptors.</param>
[SupportedOSPlatform("linux")]
internal sealed class SuccessorEnding(SuccessorChannel channel, Action<LiveUpdateException> report)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private bool _isRefused;
    private bool _isLeft;

    /// <summary>Kills it and waits until it has ended.</summary>
    /// <param name="saidGo">
    /// Whether it was told to boot. Then one that cannot be killed keeps its stream until <see cref="Leave"/>, after the hand-over has been
    /// called off in the memory that it sees; before, it is left at once.
    /// </param>
    public void Kill(bool saidGo)
    {
        _isRefused = !channel.Peer.TryKill();
        channel.Peer.Reap();
        if (!saidGo)
            Leave();
    }

    /// <summary>Ends the stream of one that could not be killed, and gives it a moment to exit; nothing for another.</summary>
    public void Leave()
    {
        if (!_isRefused || _isLeft)
            return;
        _isLeft = true;
        channel.Shutdown();
        if (!channel.Peer.WaitForEnd(Deadline.After(s_patience)))
        {
            string user = channel.Peer.User is { } number ? $"user {number}" : "its user";
            report(Refusal.Create(
                LiveUpdateError.NotPermitted,
                "end successor",
                $"The successor, process {channel.Peer.Id}, may not be killed by user {Libc.Geteuid()} and has not exited by itself. It cannot take " +
                $"over, but what it was sent stays open there until it ends: root or {user} has to kill it."));
        }

        channel.Peer.Reap();
    }
}
