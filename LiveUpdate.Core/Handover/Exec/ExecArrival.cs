using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>What arrived in this process by exec: the memory of the previous image, and its descriptors under their old numbers.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ExecArrival : Arrival
{
    private readonly int _memory;
    private ArrivedSlots? _slots;

    private ExecArrival(int memory) => _memory = memory;

    /// <summary>Looks whether the previous image of this process left anything.</summary>
    /// <returns>Null for a cold start, and in a child that inherited the notice.</returns>
    /// <exception cref="LiveUpdateImageException">The notice cannot be read.</exception>
    public static new ExecArrival? Find()
    {
        if (Environment.GetEnvironmentVariable(ExecNotice.Variable) is not { Length: > 0 } notice)
            return null;
        if (ExecNotice.Read(notice, Environment.ProcessId) is { } memory)
        {
            DiagnosticsSocket.RemoveAside();
            return new ExecArrival(memory);
        }

        ForgetNotice();
        return null;
    }

    /// <inheritdoc/>
    public override KhoMemory OpenMemory() => ArrivedSlots.OpenMemory(_memory, $"environment variable {ExecNotice.Variable}");

    /// <inheritdoc/>
    public override void Check(LiveUpdateEngine engine) =>
        _slots = ArrivedSlots.Check(engine, LuoCoreTarget.Exec, _memory, static number => [number]);

    /// <inheritdoc/>
    public override void Adopt(LiveUpdateEngine engine)
    {
        _slots!.GiveTo(engine, []);
        new SafeFileHandle(_memory, ownsHandle: true).Dispose();
        ForgetNotice();
    }

    private static void ForgetNotice()
    {
        Environment.SetEnvironmentVariable(ExecNotice.Variable, null);
        _ = Libc.Unsetenv(ExecNotice.Variable);
    }
}
