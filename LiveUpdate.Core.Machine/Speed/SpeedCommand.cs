using System.Diagnostics;
using System.Globalization;
using LiveUpdate.Interop;
using LiveUpdate.Machine.Contract;
using LiveUpdate.Machine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Speed;

/// <summary>
/// What the client costs beside the same requests of a C program (payload/speed.c): in turn, each a process of its own, the fastest of some
/// rounds. The arguments are those of the C program, or <c>compare STAGE</c>.
/// </summary>
internal static class SpeedCommand
{
    private const int Count = 2000;
    private const int Rounds = 3;
    private const string Native = "/payload/speed";

    public static int Run(string[] args)
    {
        Limits.Raise();
        switch (args)
        {
            case ["compare", "1"]:
                Compare("create");
                Compare("preserve");
                PreserveForRetrieve();
                Console.WriteLine("HELD for the kexec");
                Thread.Sleep(Timeout.Infinite);
                return 0;
            case ["compare", "2"]:
                Compare("retrieve");
                return 0;
            case [var what, var count, var name]:
                Console.WriteLine(Measure(what, int.Parse(count, CultureInfo.InvariantCulture), name));
                return 0;
            default:
                return 2;
        }
    }

    private static void Compare(string what)
    {
        long native = long.MaxValue, client = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            native = Math.Min(native, Start(Native, what, $"native-{round}"));
            client = Math.Min(client, Start(Environment.ProcessPath!, what, $"client-{round}"));
        }

        Console.WriteLine(
            $"SPEED {what}, {Count} times: C {native / 1000.0:F1} us, client {client / 1000.0:F1} us, ratio {(double)client / native:F2}");
    }

    private static long Start(string program, string what, string name)
    {
        string count = Count.ToString(CultureInfo.InvariantCulture);
        string[] arguments = program == Native ? [what, count, name] : ["speed", what, count, name];
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string answer = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return long.Parse(answer.Trim(), CultureInfo.InvariantCulture);
    }

    /// <summary>Nanoseconds a request, in the second of two rounds: the first is to warm up.</summary>
    private static long Measure(string what, int count, string name)
    {
        using var device = KernelDevice.Open();
        var kept = new IDisposable[count];
        long time = 0;
        for (int round = 0; round < 2; round++)
        {
            string roundName = $"{name}-{round}";
            time = what switch
            {
                "create" => Create(device, roundName, kept),
                "preserve" => Preserve(device, roundName, kept),
                _ => Retrieve(device, roundName, kept),
            };
            foreach (IDisposable one in kept)
                one.Dispose();
        }

        return time / count;
    }

    private static long Create(KernelDevice device, string name, IDisposable[] kept)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < kept.Length; i++)
            kept[i] = device.CreateSession(string.Create(CultureInfo.InvariantCulture, $"{name}-{i}"));
        return Since(start);
    }

    private static long Preserve(KernelDevice device, string name, IDisposable[] kept)
    {
        SafeFileHandle[] files = MakeFiles(kept.Length);
        using Session session = device.CreateSession(name);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < files.Length; i++)
            session.Preserve((ulong)i, files[i]);
        long time = Since(start);
        files.CopyTo(kept, 0);
        return time;
    }

    private static long Retrieve(KernelDevice device, string name, IDisposable[] kept)
    {
        Session session = device.RetrieveSession(name);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < kept.Length; i++)
            kept[i] = session.Retrieve<SafeFileHandle>((ulong)i);
        long time = Since(start);
        session.Close();
        return time;
    }

    private static long Since(long start) => (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds;

    private static void PreserveForRetrieve()
    {
        using var device = KernelDevice.Open();
        for (int number = 0; number < 4 * Rounds; number++)
        {
            Session session = device.CreateSession($"{(number % 2 == 0 ? "native" : "client")}-{number / 4}-{number / 2 % 2}");
            SafeFileHandle[] files = MakeFiles(Count);
            for (int i = 0; i < Count; i++)
            {
                session.Preserve((ulong)i, files[i]);
                files[i].Dispose();
            }
        }
    }

    private static SafeFileHandle[] MakeFiles(int count) => [.. Enumerable.Range(0, count).Select(_ => Memfd.Create("x", Libc.MFD_CLOEXEC))];
}
