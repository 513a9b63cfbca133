using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>All that an <c>execve</c> needs, made while nothing is frozen: it can fail and allocate here, and not later.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ExecImage : IDisposable
{
    // Descriptors that are preserved between here and the freeze find room too; more than that only costs an allocation.
    private const int SpareDescriptors = 256;

    private readonly NativeStringArray _arguments;
    private readonly NativeStringArray _environment;

    /// <summary>Prepares the execution.</summary>
    /// <exception cref="ArgumentException">An argument or variable holds a NUL.</exception>
    /// <exception cref="LiveUpdateException">
    /// ENOENT, EACCES and the like: the path cannot be executed. EOPNOTSUPP: the memory is not shared, or <c>/proc</c> is missing. EBADF: a
    /// preserved descriptor has been closed behind its handle's back.
    /// </exception>
    public ExecImage(ExecOptions options, LiveUpdateEngine engine)
    {
        SafeFileHandle memory = engine.Memory.Memory.SharedFile ?? throw Refusal.Create(
            LiveUpdateError.NotSupported,
            "hand over",
            "The preserved memory is of this process alone: make it with KhoMemory.CreateShared, or leave Memory unset in the options.");
        ExecCommandLine command = ExecCommandLine.Create(options);
        CheckExecutable(command.Path);
        engine.Descriptors.ThrowIfReplaced();
        Path = command.Path;
        (DiagnosticsSocket, DiagnosticsSocketAside) = LiveUpdate.DiagnosticsSocket.GetPaths();
        Flags = new CloseOnExecFlags(engine.Descriptors.Count + SpareDescriptors);
        _arguments = new NativeStringArray(command.Arguments);
        try
        {
            _environment = new NativeStringArray(ProcessEnvironment.Compose(
                options.Environment, ExecNotice.Variable, ExecNotice.ForThisProcess((int)memory.DangerousGetHandle())));
        }
        catch
        {
            _arguments.Dispose();
            throw;
        }
    }

    /// <summary>The file that is executed.</summary>
    public string Path { get; }

    /// <summary>The flags of the descriptors, and how they were.</summary>
    public CloseOnExecFlags Flags { get; }

    /// <summary>Where the runtime listens for diagnostics tools.</summary>
    public string DiagnosticsSocket { get; }

    /// <summary>Where that file is put, out of the way of the next image's.</summary>
    public string DiagnosticsSocketAside { get; }

    /// <summary>Replaces the image of this process.</summary>
    /// <returns>The errno: it returns only when it failed.</returns>
    public int Execute()
    {
        _ = Libc.Execve(Path, _arguments, _environment);
        return Marshal.GetLastPInvokeError();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _arguments.Dispose();
        _environment.Dispose();
    }

    private static void CheckExecutable(string path)
    {
        int errno = 0;
        if (Directory.Exists(path))
            errno = (int)LiveUpdateError.AccessDenied;
        else if (Libc.Access(path, Libc.X_OK) != 0)
            errno = Marshal.GetLastPInvokeError();
        if (errno != 0)
            throw Refusal.Create((LiveUpdateError)errno, "hand over", $"{path} cannot be executed.");
    }
}
