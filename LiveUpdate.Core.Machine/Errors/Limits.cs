using System.Runtime.InteropServices;

namespace LiveUpdate.Machine.Errors;

/// <summary>The limits that a process can set itself.</summary>
internal static partial class Limits
{
    private const int RLIMIT_NOFILE = 7;
    private const ulong Most = 1 << 20;

    /// <summary>Does something while no descriptor is free.</summary>
    public static void WithoutDescriptors(Action action)
    {
        Check(SetLimit(RLIMIT_NOFILE, [1, Most]));
        try
        {
            action();
        }
        finally
        {
            Check(SetLimit(RLIMIT_NOFILE, [Most, Most]));
        }
    }

    /// <summary>Allows this process many descriptors.</summary>
    public static void Raise() => Check(SetLimit(RLIMIT_NOFILE, [Most, Most]));

    /// <summary>Makes this process one of an ordinary user, for good.</summary>
    public static void BecomeUser(uint user) => Check(SetUser(user, user, user));

    private static void Check(int answer)
    {
        if (answer != 0)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), "Setting a limit of this process");
    }

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, ulong[] limits);

    [LibraryImport("libc", EntryPoint = "setresuid", SetLastError = true)]
    private static partial int SetUser(uint real, uint effective, uint saved);
}
