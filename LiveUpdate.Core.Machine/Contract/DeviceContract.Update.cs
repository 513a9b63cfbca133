using System.Runtime.CompilerServices;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Contract;

/// <content>Steps with an update in the middle: a method and, with <c>_after</c> behind its name, what the next generation finds.</content>
internal static partial class DeviceContract
{
    private const int ManySessions = 60;
    private const int ManyFiles = 130;

    [ContractStep]
    public static void Files_survive(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        Session session = device.CreateSession("survive");
        using SafeFileHandle plain = Memfd.Create("plain"), sealedFile = Memfd.Create("sealed"), empty = Memfd.Create("");
        using SafeFileHandle unsealable = Memfd.Create(new string('u', 5000), Libc.MFD_CLOEXEC);
        Memfd.Seal(sealedFile, Libc.F_SEAL_GROW | Libc.F_SEAL_SHRINK);
        session.Preserve(3, plain);
        session.Preserve(1, sealedFile);
        session.Preserve(2, empty);
        session.Preserve(ulong.MaxValue, unsealable);

        // What happens to the content and the position after the preserve still reaches the next generation.
        RandomAccess.Write(plain, "PL"u8, 0);
        Memfd.Seek(plain, 4);
    }

    public static void Files_survive_after(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        using Session session = device.RetrieveSession("survive");
        Expect.Equal(session.IsIncoming, true);
        Expect.Equal(session.Name, "survive");
        using var plain = session.Retrieve<SafeFileHandle>(3);
        Expect.Equal(Memfd.Read(plain), "PLain");
        Expect.Equal(Memfd.Position(plain), 4);
        Expect.True(Memfd.IsCloseOnExec(plain));
        using var sealedFile = (SafeFileHandle)session.Retrieve(1);
        Expect.Equal(Memfd.Read(sealedFile), "sealed");
        Expect.Equal(Memfd.Seals(sealedFile), Libc.F_SEAL_GROW | Libc.F_SEAL_SHRINK);
        Expect.True(session.TryRetrieve(2, out SafeFileHandle? empty));
        Expect.Equal(RandomAccess.GetLength(empty!), 0);
        empty!.Dispose();
        using var unsealable = session.Retrieve<SafeFileHandle>(ulong.MaxValue);
        Expect.Equal(Memfd.Read(unsealable), new string('u', 5000));
        Expect.Equal(Memfd.Seals(unsealable), Libc.F_SEAL_SEAL);
        session.Finish();
    }

    [ContractStep]
    public static void Streams_are_flushed(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        using var stream = new FileStream(Memfd.Create(""), FileAccess.ReadWrite);
        stream.Write("buffered"u8);
        device.CreateSession("stream").Preserve(1, stream);
    }

    public static void Streams_are_flushed_after(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        using Session session = device.RetrieveSession("stream");
        using var file = session.Retrieve<SafeFileHandle>(1);
        Expect.Equal(Memfd.Read(file), "buffered");
        Expect.Equal(Memfd.Position(file), 8);
        session.Finish();
    }

    [ContractStep]
    public static void Retrieves_are_of_one_description(ContractWorld world) => PreserveOne(world, "retrieves", "shared");

    public static void Retrieves_are_of_one_description_after(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        using Session session = device.RetrieveSession("retrieves");
        Expect.Refused(LiveUpdateError.NotFound, "retrieve", "retrieves", 99, () => session.Retrieve(99));
        Expect.Equal(session.TryRetrieve<SafeFileHandle>(99, out _), false);
        Expect.Throws<InvalidCastException>(() => session.Retrieve<string>(1));
        using (var first = session.Retrieve<SafeFileHandle>(1))
        {
            using var second = session.Retrieve<SafeFileHandle>(1);
            Memfd.Seek(first, 3);
            Expect.Equal(Memfd.Position(second), 3);
            RandomAccess.Write(second, "S"u8, 0);
            Expect.Equal(Memfd.Read(first), "Shared");
        }

        Expect.Equal(Memfd.Read(session, 1), "Shared");
        session.Finish();
    }

    [ContractStep]
    public static void Empty_session_survives(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        device.CreateSession("empty");
    }

    public static void Empty_session_survives_after(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        Session session = device.RetrieveSession("empty");
        Expect.Refused(LiveUpdateError.NotFound, "retrieve", "empty", 1, () => session.Retrieve(1));
        session.Finish();
        session.Finish();
        session.Close();
        Expect.Refused(LiveUpdateError.NotFound, "retrieve session", "empty", null, () => device.RetrieveSession("empty"));
    }

    [ContractStep]
    public static void Disposed_unfinished_session_is_not_lost(ContractWorld world) => PreserveOne(world, "parked", "parked");

    public static void Disposed_unfinished_session_is_not_lost_after(ContractWorld world)
    {
        using (LiveUpdateDevice device = world.Open())
        {
            Session session = device.RetrieveSession("parked");
            Expect.Refused(LiveUpdateError.InvalidArgument, "retrieve session", "parked", null, () => device.RetrieveSession("parked"));
            Expect.Equal(Memfd.Read(session, 1), "parked");
            session.Dispose();
            session.Dispose();
            Expect.Throws<ObjectDisposedException>(() => session.Retrieve(1));
            Expect.Throws<ObjectDisposedException>(session.Finish);
            device.RetrieveSession("parked").Dispose();
        }

        using LiveUpdateDevice later = world.Open();
        Session again = later.RetrieveSession("parked");
        Expect.Equal(Memfd.Read(again, 1), "parked");
        again.Finish();
        again.Dispose();
        Expect.Equal(later.TryRetrieveSession("parked", out _), false);
    }

    [ContractStep]
    public static void Finish_ends_the_session(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        Session session = device.CreateSession("finish");
        using SafeFileHandle kept = Memfd.Create("kept"), dropped = Memfd.Create("dropped");
        session.Preserve(1, kept);
        session.Preserve(2, dropped);
    }

    public static void Finish_ends_the_session_after(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        Session session = device.RetrieveSession("finish");
        Expect.Refused(LiveUpdateError.InvalidArgument, "preserve", "finish", 5, () => session.Preserve(5, new object()));
        using var kept = session.Retrieve<SafeFileHandle>(1);
        Expect.Refused(LiveUpdateError.InvalidArgument, "preserve", "finish", 5, () => session.Preserve(5, kept));
        using Session next = device.CreateSession("finish");
        Expect.Refused(LiveUpdateError.Busy, "preserve", "finish", 1, () => next.Preserve(1, kept));
        session.Finish();
        session.Finish();
        Expect.Refused(LiveUpdateError.NotFound, "retrieve", "finish", 1, () => session.Retrieve(1));
        Expect.Refused(LiveUpdateError.InvalidArgument, "retrieve session", "finish", null, () => device.RetrieveSession("finish"));
        next.Preserve(1, kept);
        session.Close();
        Expect.Refused(LiveUpdateError.NotFound, "retrieve session", "finish", null, () => device.RetrieveSession("finish"));
        Expect.Equal(Memfd.Read(kept), "kept");
    }

    [ContractStep]
    public static void Close_finishes(ContractWorld world) => PreserveOne(world, "close", "close");

    public static void Close_finishes_after(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        Session session = device.RetrieveSession("close");
        using var file = session.Retrieve<SafeFileHandle>(1);
        session.Close();
        session.Close();
        Expect.Equal(device.TryRetrieveSession("close", out _), false);
        using Session next = device.CreateSession("close");
        next.Preserve(1, file);
    }

    [ContractStep]
    public static void Many_sessions_and_files_survive(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        for (int i = 0; i < ManySessions; i++)
        {
            Session session = device.CreateSession($"many-{i}");
            using SafeFileHandle file = Memfd.Create($"file {i}");
            session.Preserve(7, file);
        }

        Session large = device.CreateSession("many");
        for (int i = 0; i < ManyFiles; i++)
        {
            using SafeFileHandle file = Memfd.Create($"large {i}");
            large.Preserve(Token.From(i), file);
        }
    }

    public static void Many_sessions_and_files_survive_after(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        for (int i = ManySessions - 1; i >= 0; i--)
        {
            using Session session = device.RetrieveSession($"many-{i}");
            Expect.Equal(Memfd.Read(session, 7), $"file {i}");
            session.Finish();
        }

        using Session large = device.RetrieveSession("many");
        for (int i = ManyFiles - 1; i >= 0; i -= 2)
            Expect.Equal(Memfd.Read(large, Token.From(i)), $"large {i}");
        large.Finish();
    }

    [ContractStep]
    public static void Collector_ends_no_session(ContractWorld world)
    {
        PreserveOne(world, "rooted", "rooted");
        Collect();
    }

    public static void Collector_ends_no_session_after(ContractWorld world)
    {
        RetrieveAndForget(world);
        Collect();
        using LiveUpdateDevice device = world.Open();
        Expect.Refused(LiveUpdateError.InvalidArgument, "retrieve session", "rooted", null, () => device.RetrieveSession("rooted"));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RetrieveAndForget(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        Expect.True(device.RetrieveSession("rooted").IsIncoming);
    }

    private static void Collect()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PreserveOne(ContractWorld world, string name, string text)
    {
        using LiveUpdateDevice device = world.Open();
        using SafeFileHandle file = Memfd.Create(text);
        device.CreateSession(name).Preserve(1, file);
    }
}
