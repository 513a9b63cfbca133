namespace LiveUpdate;

/// <summary>Who jumps into the next kernel.</summary>
public enum KexecBy
{
    /// <summary>The library, as the last step of the hand-over.</summary>
    Library = 0,

    /// <summary>The caller, kexec-tools or systemd, while a <see cref="PreparedUpdate"/> holds everything frozen.</summary>
    Caller = 1,
}
