using System.Diagnostics;
using System.Globalization;
using LiveUpdate.Kho;

namespace LiveUpdate.Benchmarks.Pause;

/// <summary>What an update costs that writes guest RAM to a file and reads it back, instead of keeping it where it is.</summary>
internal static class CopiedRam
{
    private const int Piece = 1 << 20;

    public static void Run(long bytes, string file)
    {
        using KhoMemory before = KhoMemory.CreateShared(bytes, "before");
        using KhoMemory after = KhoMemory.CreateShared(bytes, "after");
        for (long offset = 0; offset < bytes; offset += Environment.SystemPageSize)
            before.GetSpan(before.Base + offset, 1)[0] = 1;
        long begun = Stopwatch.GetTimestamp();
        using (FileStream stream = new(file, FileMode.Create, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose))
        {
            for (long offset = 0; offset < bytes; offset += Piece)
                stream.Write(before.GetSpan(before.Base + offset, Piece));
            stream.Position = 0;
            for (long offset = 0; offset < bytes; offset += Piece)
                stream.ReadExactly(after.GetSpan(after.Base + offset, Piece));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"pause {Stopwatch.GetElapsedTime(begun).TotalMicroseconds:F1}"));
    }
}
