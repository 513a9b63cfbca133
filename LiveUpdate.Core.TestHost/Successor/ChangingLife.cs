using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// Files come and go while the successor is warm: what is unpreserved is closed over there when the unpreserve returns, what is
/// preserved arrives.
/// </summary>
internal static class ChangingLife
{
    public static void Run()
    {
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(SuccessorLife.Options());
        using LiveUpdateDevice device = luo.OpenDevice();
        if (luo.PreviousUpdate is not null)
        {
            Retrieve(luo, device);
            return;
        }

        using Session stays = device.CreateSession("stays");
        Session leaves = device.CreateSession("leaves");
        (Socket near, Socket far) = Pair();
        stays.Preserve(1, Libc.EventFd(1));
        leaves.Preserve(1, far);
        for (ulong token = 2; token < 600; token++)
            stays.Preserve(token, Libc.EventFd((uint)token));
        var target = new SuccessorTarget(new SuccessorOptions())
        {
            Reached = phase =>
            {
                if (phase != SuccessorPhase.Synchronized)
                    return;
                leaves.Dispose();
                far.Dispose();
                Scenario.Say($"end seen {near.Receive(new byte[1]) == 0}");
                stays.Preserve(1000, Libc.EventFd(1000));
            },
        };
        SuccessorLife.TryHandOver(luo, target);
    }

    private static void Retrieve(LiveUpdateOrchestrator luo, LiveUpdateDevice device)
    {
        using Session session = device.RetrieveSession("stays");
        bool good = session.GetFiles().All(file => Read(session.Retrieve<SafeFileHandle>(file.Token)) == file.Token.Value);
        session.Finish();
        Scenario.Say($"new owner {good}, sessions {device.GetIncomingSessions().Count}, left {luo.Descriptors.IncomingCount}");
    }

    private static ulong Read(SafeFileHandle events)
    {
        using (events)
            return Libc.ReadEvents(events);
    }

    private static (Socket Near, Socket Far) Pair()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        listener.Listen();
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        near.Connect(listener.LocalEndPoint!);
        return (near, listener.Accept());
    }
}
