using System.Net.Sockets;

namespace LiveUpdate.TestHost.Successor;

/// <summary>A successor that does not keep to the protocol: <c>bad-successor HOW</c>, on the stream that it inherits.</summary>
internal static class BadSuccessor
{
    public static void Run(string how)
    {
        using var stream = new Socket(new SafeSocketHandle(3, ownsHandle: true));
        switch (how)
        {
            case "garbage":
                stream.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8);
                break;
            case "newer-version":
                Send(stream, SuccessorMessage.Hello, Hello(), version: 2);
                break;
            case "half-header":
                stream.Send(Frame(SuccessorMessage.Hello, Hello())[..7]);
                break;
            case "half-message":
                stream.Send(Frame(SuccessorMessage.Hello, Hello())[..20]);
                break;
            case "too-long":
                stream.Send(Header(SuccessorMessage.Hello, int.MaxValue, 0));
                break;
            case "phantom-descriptors":
                stream.Send(Header(SuccessorMessage.Hello, 0, 3));
                break;
            case "bad-hello":
                Send(stream, SuccessorMessage.Hello, [0xdd, 0xff, 0xff, 0xff, 0xff]);
                break;
            case "other-format":
                Send(stream, SuccessorMessage.Hello, new SuccessorHello { Luo = "luo-v9" }.Write());
                break;
            case "other-message":
                Send(stream, SuccessorMessage.Committed, []);
                break;
            case "early-close":
                stream.Close();
                break;
            case "close-after-hello":
                Send(stream, SuccessorMessage.Hello, Hello());
                stream.Close();
                break;
            case "hello-twice":
                Send(stream, SuccessorMessage.Hello, Hello());
                Send(stream, SuccessorMessage.Hello, Hello());
                break;
            case "exit":
                Environment.Exit(3);
                break;
            case "hello-only":
                Send(stream, SuccessorMessage.Hello, Hello());
                break;
            case "verified-early":
                Send(stream, SuccessorMessage.Hello, Hello());
                Send(stream, SuccessorMessage.Verified, []);
                break;
            case "silent":
                break;
        }

        Thread.Sleep(Timeout.Infinite);
    }

    private static byte[] Hello() => SuccessorHello.Create([.. SuccessorLife.Options().Handlers], null).Write();

    private static void Send(Socket stream, SuccessorMessage kind, byte[] payload, ushort version = 1) => stream.Send(Frame(kind, payload, version));

    private static byte[] Frame(SuccessorMessage kind, byte[] payload, ushort version = 1) =>
        [.. Header(kind, payload.Length, 0, version), .. payload];

    private static byte[] Header(SuccessorMessage kind, int length, int descriptors, ushort version = 1)
    {
        var header = new byte[SuccessorHeader.Size];
        new SuccessorHeader(version, kind, length, descriptors).Write(header);
        return header;
    }
}
