using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;

namespace LiveUpdate;

/// <summary>What the memfds that are preserved will cost, and what becomes of them on the way.</summary>
[SupportedOSPlatform("linux")]
internal static class KernelMemoryPreflight
{
    private const uint ExecutableSeal = 0x20;

    private const int BlockSize = 512;

    public static void Examine(List<PreflightFinding> findings, KernelPreflightOptions options, RunningKernel kernel)
    {
        if (kernel.ReadNumber("proc/sys/vm/memfd_noexec") is >= 2)
        {
            findings.Add(KernelPreflight.Blocking(
                "memfd-noexec-enforced",
                LiveUpdateError.NotPermitted,
                "vm.memfd_noexec is 2: memfds without the seal that a kexec changes (reference M-24) cannot be made.",
                "Set vm.memfd_noexec to 1 or 0."));
        }

        long size = 0, allocated = 0;
        int count = 0, sealedCount = 0;
        foreach (SafeHandle memfd in options.Memfds)
        {
            DescriptorInfo.ThrowIfNotOpen(memfd);
            Libc.StatxBuffer status = DescriptorInfo.Status(memfd);
            long pages = (long)status.Size + Environment.SystemPageSize - 1;
            size += pages - (pages % Environment.SystemPageSize);
            allocated += (long)status.Blocks * BlockSize;
            count++;
            if (Libc.Fcntl(memfd, Libc.F_GET_SEALS, 0) is var seals and >= 0 && ((uint)seals & ExecutableSeal) != 0)
                sealedCount++;
        }

        if (sealedCount > 0)
        {
            findings.Add(KernelPreflight.Blocking(
                "memfd-noexec-sealed",
                LiveUpdateError.NotSupported,
                $"{sealedCount} of {count} memfds have F_SEAL_EXEC, and would come back with other seals and another mode (reference M-24).",
                "Make them with MFD_EXEC, or have them copied."));
        }

        ExamineCost(findings, kernel, count, size, size - Math.Min(size, allocated));
    }

    // A preserved memfd has a page for every byte of its size, and each is pinned (reference M-12).
    private static void ExamineCost(List<PreflightFinding> findings, RunningKernel kernel, int count, long size, long cost)
    {
        if (cost == 0)
            return;
        string needs = $"{count} memfds of {size} bytes will be filled up when they are preserved, which takes {cost} bytes more";
        const string Remedy = "Preserve smaller memfds, or make room.";
        long? available = kernel.ReadMemory("MemAvailable");
        long? group = ControlGroup.Available(kernel);
        if (available < cost)
        {
            findings.Add(KernelPreflight.Blocking(
                "memory-too-small", LiveUpdateError.OutOfMemory, $"{needs}, and the machine has {available} available.", Remedy));
        }
        else if (group < cost)
        {
            findings.Add(KernelPreflight.Blocking(
                "control-group-too-small",
                LiveUpdateError.OutOfMemory,
                $"{needs}, and this process's control group may use {group} more.",
                "Raise MemoryMax= of the service by that, or preserve smaller memfds."));
        }
        else
        {
            findings.Add(new PreflightFinding("memfd-sparse", PreflightSeverity.Information, $"{needs}.", null));
        }
    }
}
