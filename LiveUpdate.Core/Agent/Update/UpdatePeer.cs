namespace LiveUpdate.Agent;

/// <summary>Who is at the other end of a connection, for the coordinator.</summary>
/// <param name="key">The number of the connection, the same in a successor.</param>
internal abstract class UpdatePeer(int key)
{
    /// <summary>The number of the connection.</summary>
    public int Key => key;

    /// <summary>Sends a message, or drops the connection; neither waits, throws, nor calls back.</summary>
    public abstract void Tell(UpdateNotice notice);
}
