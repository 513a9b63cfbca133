using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Successor;

/// <summary>Lets this process have so many descriptors more and no others, by its real limit.</summary>
/// <remarks>Code that is loaded from files must have been loaded before.</remarks>
internal static class ScarceDescriptors
{
    private static readonly List<SafeFileHandle> s_fillers = [];
    private static ulong s_before;

    /// <summary>Leaves some numbers free.</summary>
    public static void Leave(int free)
    {
        // What this program needs of files while descriptors are scarce.
        SuccessorRehearsal.Run(LiveUpdateOrchestrator.ToEngineOptions(SuccessorLife.Options()));
        LaterWork.Start().End();
        SuccessorHello.Read(SuccessorHello.Create([.. SuccessorLife.Options().Handlers], "secret").Write());
        SuccessorFailure.Read(SuccessorFailure.Of(new LiveUpdateException(LiveUpdateError.Busy)).Write());
        Console.Error.Flush();
        Console.Out.Flush();
        int end = 1 + Directory.EnumerateFileSystemEntries("/proc/self/fd").Max(static path => int.Parse(Path.GetFileName(path.AsSpan())));
        s_before = Libc.LimitDescriptors((ulong)(end + free));
        while (true)
        {
            SafeFileHandle filler = Libc.EventFd(0);
            if (filler.IsInvalid || (int)filler.DangerousGetHandle() >= end)
            {
                filler.Dispose();
                return;
            }

            s_fillers.Add(filler);
        }
    }

    /// <summary>Gives them all free again.</summary>
    public static void Restore()
    {
        if (s_before != 0)
            _ = Libc.LimitDescriptors(s_before);
        s_fillers.ForEach(static filler => filler.Dispose());
        s_fillers.Clear();
    }
}
