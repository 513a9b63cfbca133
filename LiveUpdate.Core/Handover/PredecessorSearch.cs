using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>Finds the process that this one is to take over from: the one that started it, or one that listens.</summary>
[SupportedOSPlatform("linux")]
internal static class PredecessorSearch
{
    private static bool s_found;

    /// <summary>Whether this process is to boot as a successor.</summary>
    public static bool IsExpected(PredecessorOptions? address) => address is not null || SuccessorNotice.IsPresent;

    /// <summary>Finds the predecessor.</summary>
    /// <param name="address">Where it listens; null for one that started this process.</param>
    /// <param name="reached">Test seam: called as each phase is reached.</param>
    /// <returns>Null if this process was not started as a successor.</returns>
    /// <exception cref="LiveUpdateException">There is nobody at the path of the predecessor; or the notice cannot be read.</exception>
    /// <exception cref="InvalidOperationException">This process was a successor that could not take over: it has to end.</exception>
    public static SuccessorArrival? Find(PredecessorOptions? address, Action<SuccessorPhase>? reached)
    {
        if (s_found)
            throw new InvalidOperationException("This process was started as a successor and could not take over; it has to end.");
        SuccessorChannel? channel = SuccessorNotice.TryTake(out SafeFileHandle? stream, out int predecessor)
            ? Open(stream, predecessor)
            : address is null ? null : Connect(address);
        if (channel is null)
            return null;
        s_found = true;
        return new SuccessorArrival(channel, address?.Secret) { Reached = reached };
    }

    /// <summary>This process has taken over; it is as any other from here on.</summary>
    public static void End() => s_found = false;

    /// <summary>Ends this process: before the go there is nothing that it could be the owner of.</summary>
    [DoesNotReturn]
    public static void ExitWithoutPredecessor()
    {
        Console.Error.WriteLine(
            $"liveupdate: the predecessor ended before it handed over; this successor exits with code {SuccessorTarget.PredecessorGoneExitCode}.");
        Environment.Exit(SuccessorTarget.PredecessorGoneExitCode);
    }

    private static SuccessorChannel Open(SafeFileHandle stream, int predecessor)
    {
        ProcessHandle? process = predecessor == 0 ? null : ProcessHandle.TryOpenPeer(stream, predecessor);
        if (process is null)
            ExitWithoutPredecessor();
        return new SuccessorChannel(stream, process, "predecessor");
    }

    private static SuccessorChannel Connect(PredecessorOptions address)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(address.Path));
        }
        catch (SocketException exception)
        {
            throw new LiveUpdateException((LiveUpdateError)exception.NativeErrorCode, $"There is no predecessor at {address.Path}.", exception);
        }

        (int process, _) = ProcessHandle.IdentifyPeer(socket.SafeHandle);
        return Open(DescriptorInfo.Duplicate(socket.SafeHandle), process);
    }
}
