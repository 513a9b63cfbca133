using LiveUpdate.Abi;

namespace LiveUpdate.Agent;

/// <summary>The frames of the device socket (docs/agent.md).</summary>
internal static class AgentProtocol
{
    /// <summary>The version of the protocol.</summary>
    public const uint Version = 1;

    /// <summary>The name of the socket that speaks frames, in the agent's directory.</summary>
    public const string DeviceSocket = "device";

    /// <summary>The name of the socket that speaks messages.</summary>
    public const string UpdateSocket = "update";

    /// <summary>Where an agent's directory is, unless told otherwise.</summary>
    public const string Directory = "/run/luod";

    /// <summary>The first frame of a device connection.</summary>
    public const uint Greeting = 0x01;

    /// <summary>After the agent died and came back: what became of the last request.</summary>
    public const uint Resumed = 0x02;

    /// <summary>The last frame of a connection.</summary>
    public const uint Ended = 0x03;

    /// <summary>Asks what the connection is, and how many requests have been taken from it.</summary>
    public const uint Describe = 0x04;

    /// <summary>The length and the number of a request.</summary>
    public const int RequestHeader = 2 * sizeof(uint);

    /// <summary>The length, the number and the errno of an answer.</summary>
    public const int AnswerHeader = 3 * sizeof(uint);

    /// <summary>The longest struct: a page, as an argument of the kernel's is at most.</summary>
    public const int LongestStruct = LuoAbi.PageSize;

    /// <summary>The longest request.</summary>
    public const int LongestRequest = RequestHeader + LongestStruct;

    /// <summary>The longest answer.</summary>
    public const int LongestAnswer = AnswerHeader + LongestStruct;

    /// <summary>The agent keeps what it holds when it dies.</summary>
    public const uint KeepsState = 1;

    /// <summary>The last close of an incoming session finishes it.</summary>
    public const uint CloseFinishes = 2;
}
