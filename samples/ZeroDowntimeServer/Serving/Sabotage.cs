namespace ZeroDowntimeServer.Serving;

/// <summary>How a successor fails on purpose, at the worst moment: the old generation is frozen and waits for its word.</summary>
internal enum Sabotage
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>It finds that it cannot read what it is given.</summary>
    Refuse,

    /// <summary>It is killed.</summary>
    Crash,
}
