namespace ZeroDowntimeServer.Serving;

/// <summary>What a connection waits for.</summary>
internal enum Progress
{
    /// <summary>Nothing: there is more to do at once.</summary>
    MoreToDo,

    /// <summary>Something to receive.</summary>
    NeedsInput,

    /// <summary>The client does not read, and the kernel takes no more.</summary>
    NeedsRoom,

    /// <summary>Nothing any more.</summary>
    Ended,
}
