using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent.Store;

/// <summary>A keeper's end of a real socket, moved by hand, and the agent's end of it.</summary>
[SupportedOSPlatform("linux")]
internal sealed class KeeperPair : IDisposable
{
    public KeeperPair(KeeperTable table)
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = SocketPair.CreateSequenced();
        Agent = theirs;
        Table = table;
        Link = new KeeperLink(ours, table, Logger) { Greeted = (id, process) => Greet(id, process) };
    }

    public KeeperTable Table { get; }

    public KeeperLink Link { get; }

    /// <summary>The agent's end.</summary>
    public SafeFileHandle Agent { get; }

    public ListLogger Logger { get; } = new(LogLevel.Warning);

    public List<(int Id, bool IsProcess)> Greetings { get; } = [];

    /// <summary>An agent's store at the other end, which has taken what is there.</summary>
    public (KeeperStore Store, IReadOnlyDictionary<string, SafeFileHandle> Taken) Open(bool isSuccessor = false, int patience = 10_000)
    {
        var store = new KeeperStore(DescriptorInfo.Duplicate(Agent), isSuccessor) { Patience = TimeSpan.FromMilliseconds(patience) };
        Task<IReadOnlyDictionary<string, SafeFileHandle>> taking = Task.Run(store.Take);
        while (!taking.IsCompleted)
            Move(wait: 20);
        return (store, taking.GetAwaiter().GetResult());
    }

    /// <summary>Lets the keeper take and send what there is.</summary>
    /// <returns>False at the end of the socket.</returns>
    public bool Move(int wait = 0)
    {
        short events = (short)(Libc.POLLIN | (Link.HasAnswers ? Libc.POLLOUT : 0));
        DescriptorWait.Wait(Link.Socket, events, Deadline.After(TimeSpan.FromMilliseconds(wait)));
        bool goesOn = Link.Receive();
        Link.Send();
        return goesOn;
    }

    /// <summary>Sends bytes as an agent would that is broken.</summary>
    public int Send(ReadOnlySpan<byte> bytes, params SafeHandle[] descriptors) => SocketMessage.Send(Agent, bytes, descriptors);

    public int Send(KeeperFrame frame, params SafeHandle[] descriptors) =>
        Send(frame.Write(stackalloc byte[KeeperFrame.MaxSize]), descriptors);

    /// <summary>Lets the agent's end go, with whatever lies unread in it.</summary>
    public void Die() => Agent.Dispose();

    public void Dispose()
    {
        Agent.Dispose();
        Link.Dispose();
    }

    private void Greet(int id, SafeFileHandle? process)
    {
        Greetings.Add((id, process is not null && KeeperProcess.IsProcess(process)));
        process?.Dispose();
    }
}
