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

    /// <summary>Prepares the execution; the memory is shared.</summary>
    /// <exception cref="ArgumentException">An argument or variable holds a NUL.</exception>
    /// <exception cref="LiveUpdateException">
    /// EOPNOTSUPP: <c>/proc</c> is missing. EBADF: a preserved descriptor has been closed behind its handle's back.
    /// </exception>
    public ExecImage(ExecOptions options, LiveUpdateEngine engine)
    {
        ExecCommandLine command = ExecCommandLine.Create(options);
        SafeFileHandle memory = engine.Memory.Memory.SharedFile!;
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
}
