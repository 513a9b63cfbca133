using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>What an agent says to a client that asks: every answer is taken or refused, and nothing waits behind the end.</summary>
internal sealed class AgentAnswersTarget : FuzzTarget
{
    private static readonly AgentDeviceOptions s_options = new() { ConnectTimeout = TimeSpan.FromSeconds(5), RequestTimeout = TimeSpan.FromSeconds(5) };

    public override string Name => "agent-answers";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        [
            .. Frame(AgentProtocol.Greeting, 0, 12, 1, 0), .. Frame(LiveUpdateIoctl.Finish, 0, 8, 0), .. Frame(LiveUpdateIoctl.Finish, 0, 8, 0),
            .. Frame(LiveUpdateIoctl.Finish, 22),
        ],
        [.. Frame(AgentProtocol.Greeting, 0, 12, 1, 0), .. Frame(LiveUpdateIoctl.Finish, 0, 8, 0), .. Frame(AgentProtocol.Ended, 108, 8, 1)],
        [.. Frame(AgentProtocol.Greeting, 0, 12, 1, 1), .. Frame(AgentProtocol.Resumed, 4, 8, 1), .. Frame(LiveUpdateIoctl.Finish, 16)],
        [.. Frame(AgentProtocol.Greeting, 16, 12, 1, 0)],
    ];

    public override int Cost => 10;

    public override string Run(ReadOnlyMemory<byte> input)
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = SocketPair.Create();
        using var channel = new AgentChannel(ours, s_options);
        using (theirs)
        {
            int sent = SocketMessage.Send(theirs, input.Span, []);
            Finding.Unless(sent == input.Length || input.IsEmpty, "The input fits into the socket.");
            _ = Libc.Shutdown(theirs, Libc.SHUT_WR);
            try
            {
                channel.AwaitGreeting(Deadline.After(s_options.ConnectTimeout));
                Span<uint> argument = [8, 0];
                for (int i = 0; i < 3; i++)
                    channel.Request(LiveUpdateIoctl.Finish, MemoryMarshal.AsBytes(argument));
                return Read;
            }
            catch (LiveUpdateException)
            {
                return Refused;
            }
        }
    }

    private static byte[] Frame(uint request, uint error, params uint[] body)
    {
        uint[] words = [(uint)((3 + body.Length) * sizeof(uint)), request, error, .. body];
        return MemoryMarshal.AsBytes(words.AsSpan()).ToArray();
    }
}
