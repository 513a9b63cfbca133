namespace LiveUpdate.Tests.Orchestrator;

/// <summary>What a random life is made of.</summary>
internal enum LifeOperation
{
    /// <summary>C(n).</summary>
    Create,

    /// <summary>P(s,f,t); may fail in the handler.</summary>
    Preserve,

    /// <summary>X(s) of an outgoing session.</summary>
    CloseOutgoing,

    /// <summary>U; may fail in the freeze of the last file.</summary>
    Update,

    /// <summary>U that is called off when everything is frozen and written.</summary>
    CallOff,

    /// <summary>R(n).</summary>
    RetrieveSession,

    /// <summary>G(s,t); may fail in the handler, for good.</summary>
    Retrieve,

    /// <summary>FIN(s); may be refused for the first file.</summary>
    Finish,

    /// <summary>X(s) of an incoming session; may be refused for the first file.</summary>
    CloseIncoming,

    /// <summary>The end of a <c>using</c> around an incoming session.</summary>
    DisposeIncoming,

    /// <summary>The handler of files with odd numbers goes: at once, or with its last file.</summary>
    Unregister,

    /// <summary>The handler of files with odd numbers comes.</summary>
    Register,
}
