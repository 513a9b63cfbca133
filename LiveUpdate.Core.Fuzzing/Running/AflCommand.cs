using System.Runtime.InteropServices;
using SharpFuzz;
using SharpFuzz.Common;

namespace LiveUpdate.Fuzzing.Running;

/// <summary>Runs what afl-fuzz sends, in a process that may crash.</summary>
internal static class AflCommand
{
    private const int MapSize = 1 << 16;

    /// <summary>Goes on until afl-fuzz ends it.</summary>
    public static unsafe int Run(string name)
    {
        // The instrumented library notes where it runs from its first call on, which is before there is a fuzzer to tell. The block is never freed.
        Trace.SharedMem = (byte*)NativeMemory.AllocZeroed(MapSize);
        using FuzzTarget target = FuzzTargets.Make(name);
        string folder = Directory.CreateTempSubdirectory("liveupdate-fuzzing-").FullName;
        using RunningInput place = RunningInput.Create(folder, target.MaxLength);
        Directory.Delete(folder, recursive: true);
        var run = new TargetRun(target, place);
        byte[] buffer = new byte[target.MaxLength];
        bool atStart = false;
        Fuzzer.OutOfProcess.Run(stream =>
        {
            int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            atStart = !atStart;
            // No coverage leads through a checksum; wrong ones are for the mutated inputs.
            run.Run(buffer.AsSpan(0, length), atStart, mended: true);
        });
        return 0;
    }
}
