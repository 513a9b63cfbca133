using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Serialization;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <content>The requests, each with the order of its checks (reference 3.2 to 3.4).</content>
public sealed partial class UapiDispatcher
{
    /// <summary>Stands for a descriptor that is not open, so that the checks before EBADF are still made in their order.</summary>
    private static readonly SafeFileHandle s_notOpen = new(-1, ownsHandle: false);

    private LiveUpdateError OnDevice(LiveUpdateDevice device, uint request, UserMemory argument)
    {
        if ((byte)request is not (LiveUpdateIoctl.CreateSessionNumber or LiveUpdateIoctl.RetrieveSessionNumber))
            return LiveUpdateError.InvalidArgument;
        if (!TryReadSize(argument, out uint size))
            return LiveUpdateError.BadAddress;
        return request switch
        {
            LiveUpdateIoctl.CreateSession => WithStruct(argument, size, (ref SessionNameArgs args) => CreateSession(device, ref args)),
            LiveUpdateIoctl.RetrieveSession => WithStruct(argument, size, (ref SessionNameArgs args) => RetrieveSession(device, ref args)),
            _ => LiveUpdateError.NotATypewriter,
        };
    }

    private LiveUpdateError OnSession(Session session, uint request, UserMemory argument)
    {
        if ((byte)request is < LiveUpdateIoctl.PreserveFdNumber or > LiveUpdateIoctl.GetNameNumber)
            return LiveUpdateError.InvalidArgument;
        if (!TryReadSize(argument, out uint size))
            return LiveUpdateError.BadAddress;
        bool suits = request switch
        {
            LiveUpdateIoctl.PreserveFd => !session.IsIncoming,
            LiveUpdateIoctl.RetrieveFd or LiveUpdateIoctl.Finish => session.IsIncoming,
            _ => true,
        };
        if (!suits)
            return LiveUpdateError.InvalidArgument;
        return request switch
        {
            LiveUpdateIoctl.PreserveFd => WithStruct(argument, size, (ref PreserveFdArgs args) => Preserve(session, args.Token, args.Fd)),
            LiveUpdateIoctl.RetrieveFd => WithStruct(argument, size, (ref RetrieveFdArgs args) => Retrieve(session, ref args)),
            LiveUpdateIoctl.Finish => WithStruct(argument, size, (ref FinishArgs args) => Finish(session, args.Reserved)),
            LiveUpdateIoctl.GetName => WithStruct(argument, size, (ref GetNameArgs args) => GetName(session, ref args)),
            _ => LiveUpdateError.NotATypewriter,
        };
    }

    private UapiOutcome CreateSession(LiveUpdateDevice device, ref SessionNameArgs args)
    {
        if (!_table.TryReserve(out int descriptor))
            return LiveUpdateError.TooManyFiles;
        LiveUpdateError error = LiveUpdateError.InvalidArgument;
        Session? session = null;
        if (FixedString.IsTerminated(args.Name) && SessionName.TryCreate(FixedString.Read(args.Name), out SessionName name))
            error = RunReserved(descriptor, () => session = device.CreateSession(name));
        args.Fd = descriptor;
        return Opened(error, descriptor, session, session is null ? null : session.Close);
    }

    private UapiOutcome RetrieveSession(LiveUpdateDevice device, ref SessionNameArgs args)
    {
        if (!_table.TryReserve(out int descriptor))
            return LiveUpdateError.TooManyFiles;
        LiveUpdateError error = LiveUpdateError.NotFound;
        Session? session = null;
        if (FixedString.IsTerminated(args.Name))
        {
            SessionName name = SessionName.FromImage(FixedString.Read(args.Name));
            error = RunReserved(descriptor, () => session = device.RetrieveSession(name));
        }

        args.Fd = descriptor;

        // The kernel would finish the session here and lose it (U-24); given back, it can be retrieved again.
        return Opened(error, descriptor, session, session is null ? null : session.Dispose);
    }

    private UapiOutcome Preserve(Session session, ulong token, int descriptor)
    {
        object file = _table.TryGet(descriptor, out UapiFile? found) ? found.Target : s_notOpen;
        return Run(() => session.Preserve(token, file));
    }

    private UapiOutcome Retrieve(Session session, ref RetrieveFdArgs args)
    {
        if (!_table.TryReserve(out int descriptor))
            return LiveUpdateError.TooManyFiles;
        object? file = null;
        ulong token = args.Token;
        LiveUpdateError error = RunReserved(descriptor, () => file = session.Retrieve(token));
        args.Fd = descriptor;
        return Opened(error, descriptor, file, (file as SafeHandle) is { } handle ? handle.Dispose : null);
    }

    private static UapiOutcome Finish(Session session, uint reserved) =>
        reserved != 0 ? LiveUpdateError.InvalidArgument : Run(session.Finish);

    private static UapiOutcome GetName(Session session, ref GetNameArgs args)
    {
        if (args.Reserved != 0)
            return LiveUpdateError.InvalidArgument;
        LiveUpdateError error = Run(() => session.CheckUsable("get name"));

        // Unlike the kernel, nothing of the caller's bytes is echoed behind the name (S-13).
        ((Span<byte>)args.Name).Clear();
        FixedString.Write(args.Name, session.SessionName.Utf8);
        return error;
    }

    /// <summary>The outcome of a request that opens a descriptor: its number was reserved first (U-21) and is installed last.</summary>
    private UapiOutcome Opened(LiveUpdateError error, int descriptor, object? target, Action? undo)
    {
        if (error != LiveUpdateError.None || target is null)
        {
            _table.Unreserve(descriptor);
            return error;
        }

        return new UapiOutcome(
            LiveUpdateError.None,
            Publish: () => _table.Install(descriptor, new UapiFile(target, ownsTarget: target is SafeHandle)),
            Undo: () =>
            {
                _table.Unreserve(descriptor);
                if (undo is not null)
                    _ = Run(undo);
            });
    }
}
