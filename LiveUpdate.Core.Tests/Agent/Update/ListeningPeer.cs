using System.Buffers;
using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent;

/// <summary>Somebody at the other end of a connection, who keeps what it is told, as it would read it.</summary>
internal sealed class ListeningPeer(int key) : UpdatePeer(key)
{
    private readonly Lock _lock = new();
    private readonly List<UpdateNotice> _told = [];

    /// <summary>Everything that it was told.</summary>
    public IReadOnlyList<UpdateNotice> Told
    {
        get
        {
            lock (_lock)
                return [.. _told];
        }
    }

    /// <summary>What it was told beside events, in order.</summary>
    public IEnumerable<UpdateMessageKind> Kinds => Told.Where(static notice => notice.Kind != UpdateMessageKind.Event).Select(static notice => notice.Kind);

    /// <summary>The events that it was told.</summary>
    public IEnumerable<AgentEvent> Events => Told.Where(static notice => notice.Kind == UpdateMessageKind.Event).Select(static notice => notice.Event!);

    /// <summary>The last message of a kind.</summary>
    public UpdateNotice Last(UpdateMessageKind kind) => Told.Last(notice => notice.Kind == kind);

    public override void Tell(UpdateNotice notice)
    {
        UpdateNotice read = UpdateNotice.Read(new ReadOnlySequence<byte>(notice.Frame.AsMemory(UpdateFrame.HeaderLength)));
        lock (_lock)
            _told.Add(read);
    }
}
