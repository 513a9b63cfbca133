using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Contract;

/// <summary>
/// What every <see cref="LiveUpdateDevice"/> and <see cref="Session"/> does, whichever kind of device it is of: the steps, with memfds and
/// without callbacks of this process. All of them run in one generation, so each has session names of its own.
/// </summary>
internal static partial class DeviceContract
{
    [ContractStep]
    public static void Device_has_one_opener(ContractWorld world)
    {
        using (LiveUpdateDevice device = world.Open())
        {
            Expect.Equal(Expect.Throws<LiveUpdateException>(() => world.Open().Dispose()).Error, LiveUpdateError.Busy);
            device.Dispose();
            device.Dispose();
            Expect.Throws<ObjectDisposedException>(() => device.CreateSession("opener"));
            Expect.Throws<ObjectDisposedException>(() => device.RetrieveSession("opener"));
        }

        world.Open().Dispose();
    }

    [ContractStep]
    public static void Names_are_checked(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        string longest = new('n', SessionName.MaxLength);
        Expect.Throws<ArgumentNullException>(() => device.CreateSession(null!));
        Expect.Throws<ArgumentException>(() => device.CreateSession(default(SessionName)));
        Expect.Refused(LiveUpdateError.InvalidArgument, "create session", "", null, () => device.CreateSession(""));
        Expect.Refused(LiveUpdateError.InvalidArgument, "create session", longest + "n", null, () => device.CreateSession(longest + "n"));
        using Session session = device.CreateSession(longest);
        Expect.Equal(session.Name, longest);
        Expect.Equal(session.IsIncoming, false);
        SessionName.TryCreate([0xFF, 0xFE, 1], out SessionName bytes);
        using Session odd = device.CreateSession(bytes);
        Expect.True(odd.SessionName == bytes);
    }

    [ContractStep]
    public static void Names_are_unique_until_closed(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        Session first = device.CreateSession("unique");
        Expect.Refused(LiveUpdateError.Exists, "create session", "unique", null, () => device.CreateSession("unique"));
        first.Close();
        first.Close();
        using (Session second = device.CreateSession("unique"))
            Expect.Equal(second.Name, "unique");
        device.CreateSession("unique").Dispose();
    }

    [ContractStep]
    public static void Session_outlives_its_device(ContractWorld world)
    {
        Session session;
        using (LiveUpdateDevice device = world.Open())
            session = device.CreateSession("outlives");
        using SafeFileHandle file = Memfd.Create("outlives");
        session.Preserve(1, file);
        session.Dispose();
        Expect.Throws<ObjectDisposedException>(() => session.Preserve(2, file));
    }

    [ContractStep]
    public static void Preserve_refuses_in_order(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        using Session session = device.CreateSession("refuses");
        using SafeFileHandle file = Memfd.Create("one");
        using SafeFileHandle other = File.OpenHandle("/dev/null");
        SafeFileHandle closed = Memfd.Create("closed");
        closed.Dispose();
        session.Preserve(1, file);
        Expect.Throws<ArgumentNullException>(() => session.Preserve(2, null!));
        Expect.Refused(LiveUpdateError.Exists, "preserve", "refuses", 1, () => session.Preserve(1, closed));
        Expect.Refused(LiveUpdateError.Exists, "preserve", "refuses", 1, () => session.Preserve(1, other));
        Expect.Refused(LiveUpdateError.Exists, "preserve", "refuses", 1, () => session.Preserve(1, file));
        Expect.Refused(LiveUpdateError.BadDescriptor, "preserve", "refuses", 2, () => session.Preserve(2, closed));
        Expect.Refused(LiveUpdateError.NotFound, "preserve", "refuses", 2, () => session.Preserve(2, other));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        Expect.Refused(LiveUpdateError.NotFound, "preserve", "refuses", 2, () => session.Preserve(2, socket));
        Expect.Refused(LiveUpdateError.NotFound, "preserve", "refuses", 2, () => session.Preserve(2, new object()));
        Expect.Refused(LiveUpdateError.NotFound, "preserve", "refuses", 2, () => session.Preserve(2, session));
        Expect.Refused(LiveUpdateError.NotFound, "preserve", "refuses", 2, () => session.Preserve(2, device));
        Expect.Refused(LiveUpdateError.Busy, "preserve", "refuses", 2, () => session.Preserve(2, file));
        using Session second = device.CreateSession("refuses-2");
        Expect.Refused(LiveUpdateError.Busy, "preserve", "refuses-2", 1, () => second.Preserve(1, file));
    }

    [ContractStep]
    public static void Tokens_are_any_number(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        using Session first = device.CreateSession("tokens-1");
        using Session second = device.CreateSession("tokens-2");
        using SafeFileHandle a = Memfd.Create("a"), b = Memfd.Create("b"), c = Memfd.Create("c");
        first.Preserve(0, a);
        first.Preserve(ulong.MaxValue, b);
        second.Preserve(0, c);
        Expect.Refused(LiveUpdateError.Exists, "preserve", "tokens-1", ulong.MaxValue, () => first.Preserve(ulong.MaxValue, c));
    }

    [ContractStep]
    public static void Outgoing_session_takes_no_retrieve(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        using Session session = device.CreateSession("outgoing");
        Expect.Refused(LiveUpdateError.InvalidArgument, "retrieve", "outgoing", 1, () => session.Retrieve(1));
        Expect.Refused(LiveUpdateError.InvalidArgument, "retrieve", "outgoing", 1, () => session.TryRetrieve<SafeFileHandle>(1, out _));
        Expect.Refused(LiveUpdateError.InvalidArgument, "finish", "outgoing", null, session.Finish);
    }

    [ContractStep]
    public static void Dispose_unpreserves(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        using SafeFileHandle file = Memfd.Create("dispose");
        for (int round = 0; round < 3; round++)
        {
            Session session = device.CreateSession("dispose");
            session.Preserve(1, file);
            session.Dispose();
            session.Dispose();
            session.Close();
        }

        using Session last = device.CreateSession("dispose-last");
        last.Preserve(1, file);
    }

    [ContractStep]
    public static void Unknown_sessions_are_not_found(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        using Session outgoing = device.CreateSession("not-incoming");
        foreach (string name in new[] { "nobody", "", new string('x', 64), "not-incoming" })
            Expect.Refused(LiveUpdateError.NotFound, "retrieve session", name, null, () => device.RetrieveSession(name));
        Expect.Equal(device.TryRetrieveSession("nobody", out _), false);
    }

    [ContractStep]
    public static void One_of_two_threads_wins(ContractWorld world)
    {
        using LiveUpdateDevice device = world.Open();
        using SafeFileHandle file = Memfd.Create("race");
        for (int round = 0; round < 20; round++)
        {
            var made = new Session?[2];
            var errors = new LiveUpdateError[2];
            Race(made.Length, index => errors[index] = ErrorOf(() => made[index] = device.CreateSession("race")));
            Expect.Equal(errors.Order().ToArray() is [LiveUpdateError.None, LiveUpdateError.Exists], true, $"{errors[0]} and {errors[1]}");
            Session session = made.First(one => one is not null)!;
            Race(errors.Length, index => errors[index] = ErrorOf(() => session.Preserve(Token.From(index), file)));
            Expect.Equal(errors.Order().ToArray() is [LiveUpdateError.None, LiveUpdateError.Busy], true, $"{errors[0]} and {errors[1]}");
            session.Dispose();
        }
    }

    private static LiveUpdateError ErrorOf(Action action)
    {
        try
        {
            action();
            return LiveUpdateError.None;
        }
        catch (LiveUpdateException exception)
        {
            return exception.Error;
        }
    }

    private static void Race(int count, Action<int> action)
    {
        using var start = new Barrier(count);
        Thread[] threads =
        [
            .. Enumerable.Range(0, count).Select(index => new Thread(() =>
            {
                start.SignalAndWait();
                action(index);
            })),
        ];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
    }
}
