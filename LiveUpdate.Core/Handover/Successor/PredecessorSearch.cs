using System.Diagnostics.CodeAnalysis;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>Finds the process that this one is to take over from: the one that started it, or one that listens.</summary>
[SupportedOSPlatform("linux")]
internal static class PredecessorSearch
{
    private const string Peer = "predecessor";

    private static bool s_found;
    private static volatile bool s_rehearsing;

    /// <summary>Whether this process is to boot as a successor; one that could not take over asks again in vain.</summary>
    public static bool IsExpected(PredecessorOptions? address) =>
        (s_found && !s_rehearsing) || address is not null || SuccessorNotice.IsPresent;

    /// <summary>Finds the predecessor.</summary>
    /// <param name="address">Where it listens; null for one that started this process.</param>
    /// <param name="program">The program's own options.</param>
    /// <param name="reached">Test seam: called as each phase is reached.</param>
    /// <param name="cancellationToken">For the program's rehearsal.</param>
    /// <returns>Null if this process was not started as a successor.</returns>
    /// <exception cref="LiveUpdateException">
    /// There is nobody at the path of the predecessor; or the notice cannot be read. EMFILE: no descriptor is free. EPERM: another user's
    /// process listens at the path.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// This process was a successor that could not take over: it has to end. Or called from a rehearsal, which has no predecessor.
    /// </exception>
    public static SuccessorArrival? Find(
        PredecessorOptions? address, EngineOptions program, Action<SuccessorPhase>? reached, CancellationToken cancellationToken)
    {
        if (s_rehearsing)
            throw new InvalidOperationException("A rehearsal boots cold: leave Predecessor unset in its options.");
        if (s_found)
            throw new InvalidOperationException("This process was started as a successor and could not take over; it has to end.");

        // Until it is known that the notice is not for this process, a failure must not let it boot afresh beside its predecessor.
        s_found = SuccessorNotice.IsPresent;
        if (SuccessorNotice.TryTake(out SafeFileHandle? stream, out int predecessor))
            return new SuccessorArrival(Open(stream, predecessor), secret: null) { Reached = reached };
        s_found = false;
        if (address is null)
            return null;

        // The predecessor does not wait long for the hello of one that has connected, so what takes time is done before.
        SuccessorRehearsal.Run(program);
        Rehearse(program, cancellationToken);
        return new SuccessorArrival(Connect(address), address.Secret) { Reached = reached };
    }

    /// <summary>Runs the program's own rehearsal, in which a boot is a cold one.</summary>
    public static void Rehearse(EngineOptions program, CancellationToken cancellationToken)
    {
        if (program.Rehearse is not { } rehearse)
            return;
        s_rehearsing = true;
        try
        {
            rehearse(cancellationToken);
        }
        finally
        {
            s_rehearsing = false;
        }
    }

    /// <summary>This process has taken over; it is as any other from here on.</summary>
    public static void End() => s_found = false;

    /// <summary>Ends this process: there is nothing that it could be the owner of.</summary>
    [DoesNotReturn]
    public static void ExitWithoutPredecessor()
    {
        try
        {
            Console.Error.WriteLine(
                "liveupdate: the predecessor ended, or called off, before it handed over; " +
                $"this successor exits with code {SuccessorTarget.PredecessorGoneExitCode}.");
        }
        catch (IOException)
        {
            // The first use of the error stream takes a descriptor, and none is free: nobody can be told, and it ends all the same.
        }

        Environment.Exit(SuccessorTarget.PredecessorGoneExitCode);
    }

    private static SuccessorChannel Open(SafeFileHandle stream, int predecessor)
    {
        try
        {
            ProcessHandle? process = predecessor == 0 ? null : ProcessHandle.TryOpenPeer(stream, predecessor);
            if (process is null)
                ExitWithoutPredecessor();
            return new SuccessorChannel(stream, process, Peer);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static SuccessorChannel Connect(PredecessorOptions address)
    {
        SafeFileHandle stream = StreamSocket.Connect(address.Path);
        try
        {
            // Somebody is there: from here on a failure must not let this process boot afresh beside its predecessor.
            s_found = true;
            (int process, uint user) = ProcessHandle.IdentifyPeer(stream);

            // Before the secret is sent: whoever can make the file first could ask for it.
            if (user != Libc.Geteuid())
            {
                s_found = false;
                throw Refusal.Create(
                    LiveUpdateError.NotPermitted,
                    "boot",
                    $"Who listens at {address.Path} is no predecessor: process {process} runs as user {user}, and this one as user {Libc.Geteuid()}.");
            }

            return Open(stream, process);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }
}
