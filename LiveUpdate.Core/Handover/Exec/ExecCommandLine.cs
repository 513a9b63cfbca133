using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;

namespace LiveUpdate;

/// <summary>The path and the arguments of an <c>execve</c>, the program's own name among them.</summary>
/// <param name="Path">The file, with no link in its last part.</param>
/// <param name="Arguments">All arguments; the first names the program.</param>
[SupportedOSPlatform("linux")]
internal readonly record struct ExecCommandLine(string Path, IReadOnlyList<string> Arguments)
{
    private const string LinkToSelf = "/proc/self/exe";
    private const string DeletedMark = " (deleted)";

    /// <summary>Fills in what the options leave open.</summary>
    /// <exception cref="LiveUpdateException">
    /// EOPNOTSUPP: <c>/proc</c> is not mounted, and the options do not name a path. EMFILE: no descriptor is free.
    /// </exception>
    public static ExecCommandLine Create(ExecOptions options)
    {
        string[] main = Environment.GetCommandLineArgs();
        IReadOnlyList<string> arguments = options.Arguments ?? main[1..];
        if (options.Path is { } path)
            return new ExecCommandLine(Resolve(path), [path, .. arguments]);
        string[] host = HostPart(ReadCommandLine(), main);
        return new ExecCommandLine(OwnPath(), [.. host, .. arguments]);
    }

    /// <summary>Adds a finding if there is no program to execute.</summary>
    public static void AddIfNotExecutable(List<PreflightFinding> findings, ExecOptions options)
    {
        string path;
        try
        {
            path = Create(options).Path;
        }
        catch (LiveUpdateException exception)
        {
            Add(exception.Reason, exception.Error);
            return;
        }

        int errno = 0;
        if (Directory.Exists(path))
            errno = (int)LiveUpdateError.AccessDenied;
        else if (Libc.Access(path, Libc.X_OK) != 0)
            errno = Marshal.GetLastPInvokeError();
        if (errno != 0)
            Add($"{path} cannot be executed, {Errno.Name((LiveUpdateError)errno)}.", (LiveUpdateError)errno);

        void Add(string message, LiveUpdateError error) => findings.Add(
            new PreflightFinding("program-not-executable", PreflightSeverity.Blocking, message, "Set Path in the options to the program's file.") { Error = error });
    }

    /// <summary>
    /// What stands before the arguments of <c>Main</c>: <c>dotnet [options] app.dll</c>, or the program alone. The assembly gets its full
    /// path, since the working directory may have changed.
    /// </summary>
    /// <param name="commandLine">The command line as the kernel has it.</param>
    /// <param name="main">The program as the runtime names it, and the arguments of <c>Main</c>.</param>
    internal static string[] HostPart(string[] commandLine, string[] main)
    {
        string[] host = commandLine[..Math.Max(1, commandLine.Length - (main.Length - 1))];
        if (host.Length > 1 && System.IO.Path.GetFileName(host[^1]) == System.IO.Path.GetFileName(main[0]))
            host[^1] = main[0];
        return host;
    }

    /// <summary>The full path of the file behind a path, so that a link under <c>/proc</c> is never what is executed.</summary>
    internal static string Resolve(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        if (full == LinkToSelf)
            return OwnPath();
        try
        {
            return File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }
        catch (IOException)
        {
            // No such file, or a circle of links: the check that follows says which.
            return full;
        }
    }

    // The runtime knows no path when the file has been replaced since the start; the link then names the old file, with a mark.
    private static string OwnPath() =>
        Environment.ProcessPath
        ?? StripMark(new FileInfo(LinkToSelf).LinkTarget)
        ?? throw NoProc("The path of this program cannot be found");

    private static string? StripMark(string? link) =>
        link is not null && link.EndsWith(DeletedMark, StringComparison.Ordinal) ? link[..^DeletedMark.Length] : link;

    private static string[] ReadCommandLine()
    {
        try
        {
            string text = File.ReadAllText("/proc/self/cmdline");
            return text.TrimEnd('\0').Length == 0 ? throw NoProc("The command line of this process is empty") : text[..^1].Split('\0');
        }
        catch (IOException exception) when (Errno.FromInputOutput(exception) is LiveUpdateError.TooManyFiles or LiveUpdateError.TooManyFilesInSystem)
        {
            throw Errno.Failed(exception.HResult, "Reading the command line of this process");
        }
        catch (IOException)
        {
            throw NoProc("The command line of this process cannot be read");
        }
    }

    private static LiveUpdateException NoProc(string what) => Refusal.Create(
        LiveUpdateError.NotSupported, "hand over", $"{what}: is /proc mounted? Name a path in the options.");
}
