using System.Globalization;
using System.Text;
using LiveUpdate.Agent;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Agent;

/// <summary>
/// A client of an agent that does what it reads, line by line, and answers each: <c>agent-worker DIRECTORY [USER]</c>. The tests kill it between
/// any two.
/// </summary>
internal sealed class AgentWorker(string directory)
{
    private readonly Dictionary<string, Session> _sessions = [];
    private readonly WorkerSubscriber _subscriber = new();
    private AgentDevice? _device;
    private AgentClient? _client;

    private AgentDevice Device => _device ??= AgentDevice.Connect(directory);

    private AgentClient Client => _client ??= AgentClient.ConnectAsync(directory).GetAwaiter().GetResult();

    public static void Run(string[] args)
    {
        if (args.Length > 2)
            TestHost.Libc.BecomeUser(uint.Parse(args[2], CultureInfo.InvariantCulture));
        var worker = new AgentWorker(args[1]);
        Scenario.Say("= ready");
        while (Console.In.ReadLine() is { } line)
            Scenario.Say($"= {worker.Answer(line.Split(' '))}");
    }

    private string Answer(string[] words)
    {
        try
        {
            return Do(words);
        }
        catch (LiveUpdateException refusal)
        {
            return $"{refusal.Error}";
        }
    }

    private string Do(string[] words)
    {
        string Word(int index) => words[index];
        void Keep(Session session)
        {
            // What was of that name ended with an update.
            if (_sessions.Remove(Word(1), out Session? ended))
                ended.Dispose();
            _sessions.Add(Word(1), session);
        }

        Session Named() => _sessions[Word(1)];
        ulong Number() => ulong.Parse(Word(2), CultureInfo.InvariantCulture);
        switch (words[0])
        {
            case "open":
                _ = Device;
                break;
            case "create":
                Keep(Device.CreateSession(Word(1)));
                break;
            case "retrieve":
                Keep(Device.RetrieveSession(Word(1)));
                break;
            case "adopt":
                Keep(AgentDevice.FromSessionDescriptor(Receive(Word(2))));
                break;
            case "preserve":
                Preserve(Named(), Number(), Word(3));
                break;
            case "read":
                return Read(Named(), Number());
            case "finish":
                Named().Finish();
                break;
            case "close":
                Named().Dispose();
                _sessions.Remove(Word(1));
                break;
            case "connect":
                _ = Client;
                break;
            case "subscribe":
                Client.SubscribeAsync(Word(1), _subscriber).GetAwaiter().GetResult();
                break;
            case "go-on":
                _subscriber.GoOn();
                break;
            default:
                return $"unknown: {words[0]}";
        }

        return "done";
    }

    // A file that somebody has open, or one of this process's own with a text.
    private static void Preserve(Session session, ulong token, string what)
    {
        if (what.StartsWith('/'))
        {
            using SafeFileHandle open = File.OpenHandle(what, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            session.Preserve(token, open);
            return;
        }

        using SafeFileHandle file = TestHost.Libc.Memfd(4096, 0);
        RandomAccess.Write(file, Encoding.UTF8.GetBytes(what), 0);
        session.Preserve(token, file);
    }

    private static string Read(Session session, ulong token)
    {
        using var file = session.Retrieve<SafeFileHandle>(token);
        byte[] bytes = new byte[64];
        return Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file, bytes, 0)).TrimEnd('\0');
    }

    private static SafeFileHandle Receive(string path)
    {
        using SafeFileHandle socket = StreamSocket.Connect(path);
        using var received = new ReceivedDescriptors();
        DescriptorPassing.Receive(socket, new byte[1], received, Deadline.After(TimeSpan.FromSeconds(60)));
        return received.Take();
    }
}
