namespace LiveUpdate.Tests.Kernel;

/// <summary>Files of a machine under a temporary folder: as <c>/proc</c> and <c>/sys</c> of a LUO kernel have them, and changed by a test.</summary>
internal sealed class MachineFiles : IDisposable
{
    public MachineFiles()
    {
        Write("proc/sys/kernel/osrelease", "7.3.4\n");
        Write("proc/cmdline", "console=ttyS0 kho=on liveupdate=on\n");
        Write("proc/meminfo", "MemTotal:        1000000 kB\nMemFree:          700000 kB\nMemAvailable:     800000 kB\n");
        Write("proc/self/limits", "Limit                     Soft Limit           Hard Limit           Units     \n" +
            "Max open files            1024                 524288               files     \n");
        Write("proc/self/status", "Name:\tdotnet\nCapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\n");
        Write("proc/self/cgroup", "0::/system.slice/hypervisor.service\n");
        Write("proc/sys/vm/memfd_noexec", "0\n");
        Write("proc/sys/kernel/kexec_load_disabled", "0\n");
        Write("sys/kernel/kexec_loaded", "1\n");
        Write("dev/liveupdate", "");
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("machine").FullName;

    public void Write(string path, string text)
    {
        string full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    public void Delete(string path) => File.Delete(Path.Combine(Root, path));

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
