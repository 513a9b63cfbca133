using System.Runtime.CompilerServices;

// The copy of the library whose calls can fail asks this program which of them do.
[assembly: InternalsVisibleTo("LiveUpdate.Core")]

namespace LiveUpdate.TestHost.Faults;

/// <summary>
/// Counts the system calls that the library makes while it is armed, and lets one of them fail. Only a copy of the library that was rewritten
/// for it calls this.
/// </summary>
internal static class CallFaults
{
    private const int EPERM = 1;
    private const int EINTR = 4;

    // What each call fails with on a machine that is short of something.
    private static readonly Dictionary<string, int> s_errnos = new()
    {
        ["MemfdCreate"] = 24,
        ["Eventfd"] = 24,
        ["Open"] = 24,
        ["Fcntl"] = 24,
        ["Socketpair"] = 24,
        ["SyscallPidfdOpen"] = 24,
        ["Mmap"] = 12,
        ["MmapAnonymous"] = 12,
        ["Madvise"] = 12,
        ["Poll"] = 12,
        ["Sendmsg"] = 105,
        ["Recvmsg"] = 105,
        ["Ftruncate"] = 28,
        ["Fallocate"] = 28,
        ["Execve"] = 12,
        ["PosixSpawn"] = 11,
    };

    // Signals interrupt these, and whoever calls them has to call again.
    private static readonly HashSet<string> s_interrupted = ["Poll", "Waitid", "Sendmsg", "Recvmsg", "Fallocate"];

    private static int s_calls;
    private static int s_failing = -1;
    private static string s_error = "";
    private static bool s_failed;

    /// <summary>From now on the call of that number fails.</summary>
    /// <param name="failing">The first call is 1; with 0 none fails.</param>
    /// <param name="error">
    /// <c>errno</c>: the call fails for want of something. <c>interrupted</c>: only calls count that a signal can interrupt, and it does. The name
    /// of a call: only calls of that name count, and they fail as with <c>errno</c>.
    /// </param>
    public static void Arm(int failing, string error) => (s_calls, s_failed, s_error, s_failing) = (0, false, error, failing);

    /// <summary>From now on no call fails; says so if none has.</summary>
    /// <returns>Whether one has failed.</returns>
    public static bool Disarm()
    {
        if (s_failing > 0 && !s_failed)
            Scenario.Say($"call {s_failing}: none of {s_calls}");
        s_failing = -1;
        return s_failed;
    }

    /// <summary>What a call is to fail with; 0 if it is to be made. Says which one fails.</summary>
    public static int ErrnoOf(string call)
    {
        if (s_failing <= 0 || !Counts(call) || Interlocked.Increment(ref s_calls) != s_failing)
            return 0;
        int errno = s_error == "interrupted" ? EINTR : s_errnos.GetValueOrDefault(call, EPERM);
        s_failed = true;
        Scenario.Say($"call {s_failing}: {call} {Errno.Name((LiveUpdateError)errno)}");
        return errno;
    }

    /// <summary>As <see cref="ErrnoOf"/>; what only reads or writes the flags of an open descriptor cannot fail.</summary>
    public static int ErrnoOfFcntl(int command) => command is Interop.Libc.F_GETFD or Interop.Libc.F_SETFD or Interop.Libc.F_GETFL ? 0 : ErrnoOf("Fcntl");

    private static bool Counts(string call) => s_error switch
    {
        "errno" => true,
        "interrupted" => s_interrupted.Contains(call),
        _ => call == s_error,
    };
}
