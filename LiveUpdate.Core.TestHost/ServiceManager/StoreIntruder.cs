using System.Buffers.Binary;
using System.Net.Sockets;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.ServiceManager;

/// <summary>What the program, or somebody else, does to the service's store beside the library.</summary>
internal static class StoreIntruder
{
    private const int FirstPassed = 3;

    // Alive as long as the process: what is in the store twice is kept once.
    private static readonly List<SafeFileHandle> s_stored = [];

    /// <summary>In the first process of a unit leaves things in the store.</summary>
    public static void BeforeBoot(ServiceArguments arguments)
    {
        if (!arguments.Has("leave") || !IsFirst("leave"))
            return;
        using NotifyConnection connection = NotifyConnection.Open();
        if (arguments.Has("own"))
            Store(connection, "mine", 42);
        if (arguments.Has("stale"))
        {
            Store(connection, StoreName.Of(77), 77);
            using KhoMemory memory = KhoMemory.CreateShared(1 << 20, "left");
            connection.Store(StoreName.Memory, memory.SharedFile!, Deadline.Never);
        }

        if (arguments.Has("no-memory"))
            Store(connection, StoreName.Memory, 1);
        connection.Barrier(Deadline.Never);
        Scenario.Say("left");
        Successor.Victim.Die();
    }

    /// <summary>At a phase of a hand-over meddles with the store.</summary>
    public static void During(ServiceArguments arguments, LiveUpdateOrchestrator luo)
    {
        using NotifyConnection connection = NotifyConnection.Open();
        if (arguments.Has("fill"))
        {
            for (uint i = 0; i < 4; i++)
                Store(connection, "mine", i);
        }

        if (arguments.Has("remove"))
            connection.Remove(StoreName.Of((int)luo.Engine.Descriptors.Outgoing[0]!.DangerousGetHandle()), Deadline.Never);
        if (arguments.Has("twice"))
            Store(connection, StoreName.Of(luo.Engine.Descriptors.ListNumbers()[^1]), 1000);
        connection.Barrier(Deadline.Never);
    }

    /// <summary>What is the program's own of what the manager passed: name, number, and what is behind it.</summary>
    public static string DescribePassed()
    {
        string names = Environment.GetEnvironmentVariable("LISTEN_FDNAMES") ?? "none";
        IEnumerable<string> own = names.Split(':').Select(static (name, index) => (name, number: FirstPassed + index))
            .Where(static passed => passed.name is "mine" or "web")
            .Select(static passed => passed.name == "mine" ? $"mine {Read(passed.number)}" : $"web {IsListening(passed.number)}");
        return $"passed {names} ({Environment.GetEnvironmentVariable("LISTEN_FDS")}): {string.Join(", ", own)}";
    }

    /// <summary>Whether this is the first time for this unit; a file in the run's own folder remembers.</summary>
    public static bool IsFirst(string what)
    {
        string path = $"/run/{Environment.GetEnvironmentVariable("UNIT")}.{what}";
        if (File.Exists(path))
            return false;
        File.WriteAllText(path, "");
        return true;
    }

    private static void Store(NotifyConnection connection, string name, uint value)
    {
        SafeFileHandle file = Libc.EventFd(value);
        s_stored.Add(file);
        connection.Store(name, file, Deadline.Never);
    }

    private static ulong Read(int number)
    {
        using var file = new SafeFileHandle(number, ownsHandle: false);
        Span<byte> value = stackalloc byte[sizeof(ulong)];
        RandomAccess.Read(file, value, 0);
        RandomAccess.Write(file, value, 0);
        return BinaryPrimitives.ReadUInt64LittleEndian(value);
    }

    private static bool IsListening(int number)
    {
        using var socket = new Socket(new SafeSocketHandle(number, ownsHandle: false));
        return (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection)! != 0;
    }
}
