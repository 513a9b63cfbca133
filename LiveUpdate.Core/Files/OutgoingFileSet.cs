using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>
/// The files of an outgoing session: preserve, unpreserve, freeze, unfreeze (reference 4.5 to 4.7).
/// </summary>
/// <remarks>
/// <para>Preserve: token, room, descriptor, handler, id, FLBs in link order, record, the handler's <c>Preserve</c>; each failure undoes
/// what came before it in reverse, and nothing is published before the last step that can fail (F-01 to F-10).</para>
/// <para>A file's record is written when it is preserved, since files only ever leave all together; the freeze has only the data handle left
/// to write. The caller holds the session's lock, and the freeze gate: shared, or closed for the freeze.</para>
/// </remarks>
internal sealed partial class OutgoingFileSet(FileEnvironment environment, PageOwner owner, string session)
{
    private readonly FileTable _files = new();
    private Dictionary<int, FileHold>? _holds;
    private BlockSet? _blocks;
    private CarriedSession? _carried;

    /// <summary>The session's name in bytes, which is what its carried session is known by.</summary>
    public SessionName SessionName { get; init; }

    /// <summary>How many files there are.</summary>
    public int Count => _files.Count;

    /// <summary>A file by its number.</summary>
    public ref readonly FileEntry this[int number] => ref _files[number];

    /// <summary>Unpreserves every file, newest first (reference F-20, F-21).</summary>
    public void UnpreserveAll()
    {
        for (int number = _files.Count - 1; number >= 0; number--)
        {
            ref FileEntry entry = ref _files[number];
            FileRegistration registration = environment.Handlers[entry.Handler];
            FileCall call = MakeCall(ref entry, registration);
            Unpreserve(ref call, registration);
            UnpreserveFlbs(registration);
            FileHold hold = HoldOf(number, entry.File!);
            environment.Ids.Remove(hold.Id);
            if (registration.RemoveOutgoing())
                environment.Handlers.Retire(registration);
            _blocks!.Trim(number);
            hold.Release();
            entry = default;
        }

        _files.Clear();
        _holds = null;
        _blocks?.Dispose();
        _blocks = null;
        CloseCarried();
    }

    /// <summary>
    /// Freezes every file, oldest first, and completes its record; on a failure unfreezes those before it, oldest first (F-31, F-35).
    /// </summary>
    /// <param name="progress">Where the freeze is, for the watchdog; also the deadline.</param>
    /// <returns>The first block, for the session's record.</returns>
    /// <exception cref="LiveUpdateException">A callback refused, or the deadline passed.</exception>
    [MethodImpl(WithinPause.Compiled)]
    public PhysicalAddress Freeze(FreezeProgress progress)
    {
        int count = _files.Count;
        if (count == 0)
            return PhysicalAddress.None;
        int number = 0;
        try
        {
            using CallbackScope callbacks = CallbackScope.Enter();
            var call = new FileCall { Environment = environment, Session = session, CheckDescriptors = progress.CheckDescriptors };
            while (number < count)
            {
                Span<byte> records = _blocks!.GetBlockEntries(number / LuoAbi.FilesPerBlock);
                int end = Math.Min(number + LuoAbi.FilesPerBlock, count);
                Span<LuoFileSer> block = MemoryMarshal.Cast<byte, LuoFileSer>(records[..((end - number) * LuoAbi.FileSize)]);
                for (int slot = 0; slot < block.Length; slot++, number++)
                {
                    progress.At(number);
                    FreezeOne(ref _files[number], ref block[slot], ref call);
                }
            }
        }
        catch (Exception exception)
        {
            FileRegistration registration = environment.Handlers[_files[number].Handler];
            LiveUpdateException refusal = Failed(exception, "freeze", _files[number].Token, registration);
            if (registration.WriteAs is not null)
                WriteOwnName(number, registration);
            Unfreeze(number);
            throw refusal;
        }

        return _blocks!.Seal(count);
    }

    /// <summary>Unfreezes every file, oldest first.</summary>
    public void Unfreeze() => Unfreeze(_files.Count);

    /// <summary>Lets go of the callers' handles without any callback, after the files have a new owner.</summary>
    public void Abandon()
    {
        foreach (FileHold hold in _holds?.Values ?? Enumerable.Empty<FileHold>())
            hold.Release();
        _holds = null;
    }

    private void Unpreserve(ref FileCall call, FileRegistration registration)
    {
        try
        {
            using CallbackScope callback = CallbackScope.Enter();
            registration.Handler.InvokeUnpreserve(ref call);
        }
        catch (Exception exception)
        {
            environment.Errors.Add(Failed(exception, "unpreserve", call.Token, registration));
        }
    }

    private void CloseCarried()
    {
        if (_carried is { } carried)
            environment.Carried!.Close(carried);
        _carried = null;
    }

    private void UnpreserveFlbs(FileRegistration registration)
    {
        FlbRegistration[] links = registration.Links;
        if (links.Length == 0)
            return;
        environment.Handlers.Lock.EnterShared();
        try
        {
            for (int i = links.Length - 1; i >= 0; i--)
                links[i].Outgoing.RemoveFile();
        }
        finally
        {
            environment.Handlers.Lock.ExitShared();
        }
    }

    [MethodImpl(WithinPause.Compiled)]
    private void FreezeOne(ref FileEntry entry, ref LuoFileSer record, ref FileCall call)
    {
        FileRegistration registration = environment.Handlers[entry.Handler];
        OlderName? older = registration.WriteAs;
        if (registration != call.Registration)
            (call.Registration, call.Compatible) = (registration, older?.Compatible ?? registration.Handler.Compatible);
        older?.Field.Bytes.CopyTo(record.Compatible);
        (call.File, call.State, call.Token, call.Data) = (entry.File, entry.State, entry.Token, entry.Data);
        registration.Handler.InvokeFreeze(ref call);

        // The record says so already unless the handler changed it, and the successor may have it in its cache.
        if (call.Data != entry.Data)
            entry.Data = record.Data = call.Data;
    }

    private void Unfreeze(int end)
    {
        for (int number = 0; number < end; number++)
        {
            ref FileEntry entry = ref _files[number];
            FileRegistration registration = environment.Handlers[entry.Handler];
            FileCall call = MakeCall(ref entry, registration);
            try
            {
                using CallbackScope callback = CallbackScope.Enter();
                registration.Handler.InvokeUnfreeze(ref call);
            }
            catch (Exception exception)
            {
                environment.Errors.Add(Failed(exception, "unfreeze", entry.Token, registration));
            }

            if (registration.WriteAs is not null)
                WriteOwnName(number, registration);
        }
    }

    private void WriteOwnName(int number, FileRegistration registration)
    {
        ref LuoFileSer record = ref MemoryMarshal.AsRef<LuoFileSer>(_blocks!.GetEntry(number));
        registration.Field.Bytes.CopyTo(record.Compatible);
    }

    private FileHold HoldOf(int number, object file) =>
        _holds is not null && _holds.TryGetValue(number, out FileHold hold) ? hold : new FileHold(null, new FileId(file));

    private FileCall MakeCall(ref FileEntry entry, FileRegistration registration) => new()
    {
        Environment = environment,
        Session = session,
        Registration = registration,
        Compatible = registration.Handler.Compatible,
        File = entry.File,
        State = entry.State,
        Token = entry.Token,
        Data = entry.Data,
    };

    private LiveUpdateException Refuse(LiveUpdateError error, ulong token, string message, Exception? inner = null) =>
        Refusal.Create(error, "preserve", message, session, token, inner: inner);

    private LiveUpdateException Failed(Exception exception, string callback, ulong token, FileRegistration registration) =>
        Refusal.FromCallback(exception, callback, session, token, registration.Handler.Compatible);
}
