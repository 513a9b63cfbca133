using LiveUpdate.Agent;
using Microsoft.Extensions.Logging.Abstractions;

namespace LiveUpdate.Tests.Agent;

/// <summary>A coordinator with a clock and a server that the test drives.</summary>
internal sealed class CoordinatorFixture : IAsyncDisposable
{
    public static readonly TimeSpan PrepareTime = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan ClaimTime = TimeSpan.FromSeconds(20);

    private int _keys;

    public CoordinatorFixture() => Coordinator = new UpdateCoordinator(Host, Clock, NullLogger.Instance, Host.Resume);

    public ManualClock Clock { get; } = new();

    public DrivenHost Host { get; } = new();

    public UpdateCoordinator Coordinator { get; }

    public ListeningPeer Connect() => new(++_keys);

    public ListeningPeer Subscribe(string name)
    {
        ListeningPeer peer = Connect();
        Say(peer, new(UpdateMessageKind.Subscribe) { Number = 1, Name = name });
        return peer;
    }

    public ListeningPeer Watch()
    {
        ListeningPeer peer = Connect();
        Say(peer, new(UpdateMessageKind.Watch) { Number = 1 });
        return peer;
    }

    /// <summary>Starts an update on a connection of its own, or of another's.</summary>
    public ListeningPeer Start(bool leavesSilentBehind = false, ListeningPeer? peer = null)
    {
        peer ??= Connect();
        Say(peer, new(UpdateMessageKind.Start)
        {
            Number = 2,
            PrepareTime = PrepareTime,
            ClaimTime = ClaimTime,
            LeavesSilentBehind = leavesSilentBehind,
        });
        return peer;
    }

    public void Say(ListeningPeer peer, UpdateRequest request) => Coordinator.Handle(peer, request);

    public void Say(ListeningPeer peer, UpdateMessageKind kind, ulong update = 1, string reason = "") =>
        Say(peer, new UpdateRequest(kind) { Number = update, Reason = reason });

    public void Cancel(ulong update) => Say(Connect(), new UpdateRequest(UpdateMessageKind.Cancel) { Number = 3, Update = update });

    /// <summary>Goes on in a successor, with those who are still there.</summary>
    public CoordinatorFixture Succeed(params ListeningPeer[] peers)
    {
        byte[] saved = Coordinator.Save().Write([]);
        var successor = new CoordinatorFixture { _keys = _keys };
        successor.Clock.Advance(new TimeSpan(Clock.GetTimestamp() - successor.Clock.GetTimestamp()));
        successor.Host.Number = Host.Number + 1;
        successor.Coordinator.Restore(UpdateSaved.Read(saved), peers.ToDictionary(static peer => peer.Key, static peer => (UpdatePeer)peer));
        return successor;
    }

    public ValueTask DisposeAsync() => Coordinator.DisposeAsync();
}
