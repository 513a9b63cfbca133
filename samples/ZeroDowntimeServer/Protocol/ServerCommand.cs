namespace ZeroDowntimeServer.Protocol;

/// <summary>A line that the driver says to the server, which answers each with one; the end of the stream stops it too.</summary>
internal static class ServerCommand
{
    /// <summary>Hand over to a new generation; a kind of sabotage may follow, separated by a blank.</summary>
    public const string Update = "update";

    /// <summary>Say what was served, and end.</summary>
    public const string Stop = "stop";
}
