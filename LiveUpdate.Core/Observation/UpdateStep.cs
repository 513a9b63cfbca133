namespace LiveUpdate;

/// <summary>The phases of an update, in the order in which they can come; from <see cref="Freeze"/> on nobody can use a session.</summary>
internal enum UpdateStep
{
    /// <summary>Checks and what the target prepares, while sessions are in use.</summary>
    Prepare,

    /// <summary>Until the successor has started and said hello.</summary>
    Start,

    /// <summary>Memory and descriptors are sent, while sessions are in use.</summary>
    Transfer,

    /// <summary>The program comes to rest, where the target lets it.</summary>
    Quiesce,

    /// <summary>Until the operations under way have ended.</summary>
    Gate,

    /// <summary>Every file's <c>Freeze</c>.</summary>
    Freeze,

    /// <summary>The image is completed.</summary>
    Serialize,

    /// <summary>Until the next generation begins to read.</summary>
    HandOver,

    /// <summary>The next generation maps the image and checks its structure.</summary>
    Attach,

    /// <summary>The next generation reads sessions and files and verifies them.</summary>
    Verify,

    /// <summary>The commit.</summary>
    Commit,

    /// <summary>The next generation takes the memory over.</summary>
    Activate,

    /// <summary>After the last phase: the end mark.</summary>
    Done,
}
