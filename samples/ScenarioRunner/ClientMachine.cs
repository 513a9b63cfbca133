using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>
/// Asks a device through its client where the client has the operation, and with a raw request where it has not (a name that is none, a
/// reserved field, a request to the wrong kind of descriptor).
/// </summary>
[SupportedOSPlatform("linux")]
internal abstract class ClientMachine : ScenarioMachine
{
    /// <inheritdoc/>
    protected override LiveUpdateError Open(string slot) => Keep(slot, OpenDevice);

    /// <inheritdoc/>
    protected override LiveUpdateError Name(uint request, string device, string session, string name)
    {
        Bytes64 field = ToNameField(name);
        ReadOnlySpan<byte> bytes = field;
        int length = bytes.IndexOf((byte)0);
        if (At(device) is not LiveUpdateDevice opened || !SessionName.TryCreate(length < 0 ? bytes : bytes[..length], out SessionName valid))
        {
            var args = new SessionNameArgs { Size = (uint)Marshal.SizeOf<SessionNameArgs>(), Name = field };
            return Request(device, request, ref args);
        }

        return Keep(session, () => request == LiveUpdateIoctl.CreateSession ? opened.CreateSession(valid) : opened.RetrieveSession(valid));
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Preserve(string session, string file, ulong token)
    {
        SafeFileHandle? descriptor = FileAt(file);
        if (At(session) is Session opened)
            return Try(() => opened.Preserve(token, descriptor ?? new SafeFileHandle()));
        int number = descriptor is null ? -1 : (int)descriptor.DangerousGetHandle();
        var args = new PreserveFdArgs { Size = (uint)Marshal.SizeOf<PreserveFdArgs>(), Fd = number, Token = token };
        return Request(session, LiveUpdateIoctl.PreserveFd, ref args);
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Retrieve(string session, string file, ulong token)
    {
        if (At(session) is Session opened)
            return Keep(file, () => opened.Retrieve<SafeFileHandle>(token));
        var args = new RetrieveFdArgs { Size = (uint)Marshal.SizeOf<RetrieveFdArgs>(), Fd = -1, Token = token };
        return Request(session, LiveUpdateIoctl.RetrieveFd, ref args);
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Finish(string session, uint reserved) =>
        reserved == 0 && At(session) is Session opened ? Try(opened.Finish) : base.Finish(session, reserved);

    /// <summary>Opens the device.</summary>
    protected abstract LiveUpdateDevice OpenDevice();

    /// <summary>What a slot holds; null for nothing.</summary>
    protected abstract object? At(string slot);

    /// <summary>Opens something, and gives it a slot.</summary>
    protected abstract LiveUpdateError Keep(string slot, Func<object> open);

    /// <summary>Runs an operation; its refusal is the answer.</summary>
    protected static LiveUpdateError Try(Action operation)
    {
        try
        {
            operation();
            return LiveUpdateError.None;
        }
        catch (LiveUpdateException exception)
        {
            return exception.Error;
        }
    }

    /// <summary>Closes a device, a session or a file; of a session, what the kernel does at its last close.</summary>
    protected static void CloseDescriptor(object descriptor)
    {
        if (descriptor is Session session)
            session.Close();
        else
            ((IDisposable)descriptor).Dispose();
    }
}
