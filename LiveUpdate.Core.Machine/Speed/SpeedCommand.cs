using System.Diagnostics;
using System.Globalization;
using LiveUpdate.Interop;
using LiveUpdate.Machine.Contract;
using LiveUpdate.Machine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Speed;

/// <summary>
/// What the client costs beside the same requests of a C program (payload/speed.c): in turn, each a process of its own, and of each hundred
/// the fastest of some rounds, for the host has other work. The arguments are those of the C program, or <c>compare STAGE</c>.
/// </summary>
internal static class SpeedCommand
{
    private const int Count = 2000;
    private const int Batch = 100;
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
                Console.WriteLine(string.Join(' ', Measure(what, int.Parse(count, CultureInfo.InvariantCulture), name)));
                return 0;
            default:
                return 2;
        }
    }

    private static void Compare(string what)
    {
        long[] native = [], client = [];
        for (int round = 0; round < Rounds; round++)
        {
            native = Fastest(native, Start(Native, what, $"native-{round}"));
            client = Fastest(client, Start(Environment.ProcessPath!, what, $"client-{round}"));
        }

        double c = native.Sum(), ours = client.Sum();
        Console.WriteLine(
            $"SPEED {what}, {Count} times: C {c / Count / 1000:F1} us, client {ours / Count / 1000:F1} us, ratio {ours / c:F2}");
    }

    private static long[] Fastest(long[] left, long[] right) => left.Length == 0 ? right : [.. left.Zip(right, Math.Min)];

    private static long[] Start(string program, string what, string name)
    {
        string count = Count.ToString(CultureInfo.InvariantCulture);
        string[] arguments = program == Native ? [what, count, name] : ["speed", what, count, name];
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string answer = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return [.. answer.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(number => number.Length > 0).Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
    }

    /// <summary>Nanoseconds of each hundred, in the second of two rounds: the first is to warm up.</summary>
    private static long[] Measure(string what, int count, string name)
    {
        using var device = KernelDevice.Open();
        var kept = new IDisposable[count];
        var watch = new BatchWatch(count, Batch);
        for (int round = 0; round < 2; round++)
        {
            string roundName = $"{name}-{round}";
            switch (what)
            {
                case "create":
                    Create(device, roundName, kept, watch);
                    break;
                case "preserve":
                    Preserve(device, roundName, kept, watch);
                    break;
                default:
                    Retrieve(device, roundName, kept, watch);
                    break;
            }

            foreach (IDisposable one in kept)
                one.Dispose();
        }

        return watch.Batches;
    }

    private static void Create(KernelDevice device, string name, IDisposable[] kept, BatchWatch watch)
    {
        watch.Start();
        for (int i = 0; i < kept.Length; i++)
        {
            kept[i] = device.CreateSession(string.Create(CultureInfo.InvariantCulture, $"{name}-{i}"));
            watch.Done(i);
        }
    }

    private static void Preserve(KernelDevice device, string name, IDisposable[] kept, BatchWatch watch)
    {
        SafeFileHandle[] files = MakeFiles(kept.Length);
        using Session session = device.CreateSession(name);
        watch.Start();
        for (int i = 0; i < files.Length; i++)
        {
            session.Preserve((ulong)i, files[i]);
            watch.Done(i);
        }

        files.CopyTo(kept, 0);
    }

    private static void Retrieve(KernelDevice device, string name, IDisposable[] kept, BatchWatch watch)
    {
        Session session = device.RetrieveSession(name);
        watch.Start();
        for (int i = 0; i < kept.Length; i++)
        {
            kept[i] = session.Retrieve<SafeFileHandle>((ulong)i);
            watch.Done(i);
        }

        session.Close();
    }

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
