using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// Starts a successor: a child of this process that inherits the standard streams and one end of a stream to this process.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class SuccessorLauncher
{
    /// <summary>Starts the program.</summary>
    /// <exception cref="ArgumentException">An argument or variable holds a NUL.</exception>
    /// <exception cref="LiveUpdateException">ENOENT, EACCES and the like: the program cannot be executed. EMFILE, EAGAIN: no
    /// room.</exception>
    public static SuccessorChannel Start(SuccessorOptions options)
    {
        ExecCommandLine command = ExecCommandLine.Create(new ExecOptions { Path = options.Path, Arguments = options.Arguments });
        (SafeFileHandle ours, SafeFileHandle theirs) = SocketPair.Create();
        using (theirs)
        {
            try
            {
                string notice = SuccessorNotice.ForChild(ChildProcess.InheritedDescriptor, theirs);
                using var arguments = new NativeStringArray(command.Arguments);
                using var environment = new NativeStringArray(ProcessEnvironment.Compose(options.Environment, SuccessorNotice.Variable, notice));
                ProcessHandle child = ChildProcess.Start(command.Path, arguments, environment, theirs);
                return new SuccessorChannel(ours, child, "successor");
            }
            catch
            {
                ours.Dispose();
                throw;
            }
        }
    }
}
