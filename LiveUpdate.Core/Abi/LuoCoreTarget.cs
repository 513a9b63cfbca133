namespace LiveUpdate.Abi;

/// <summary>The way into the next generation, as it stands in <see cref="LuoCoreSer"/>.</summary>
public enum LuoCoreTarget : uint
{
    /// <summary>Not written.</summary>
    None = 0,

    /// <summary>Within the process.</summary>
    InProcess = 1,

    /// <summary>By replacing the process's image.</summary>
    Exec = 2,

    /// <summary>To another process that runs already.</summary>
    Successor = 3,

    /// <summary>By the file descriptor store of the service manager.</summary>
    ServiceManager = 4,

    /// <summary>By a kexec into another kernel.</summary>
    Kernel = 5,
}
