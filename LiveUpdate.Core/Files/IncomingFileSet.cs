using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <summary>
/// The files of an incoming session: deserialize, verify, retrieve, finish (reference 4.8 to 4.10).
/// </summary>
/// <remarks>
/// Records are copied block by block, checked in the copy and kept as 40 bytes a file: no object is made until a file is retrieved.
/// The caller holds the session's lock and the freeze gate shared.
/// </remarks>
internal sealed class IncomingFileSet(FileEnvironment environment, string session)
{
    private readonly FileTable _files = new();
    private Dictionary<int, FileId>? _ids;
    private Dictionary<int, LiveUpdateException>? _failures;
    private Dictionary<int, string>? _olderNames;
    private IncomingBlockSet? _blocks;

    /// <summary>How many files there are.</summary>
    public int Count => _files.Count;

    /// <summary>Whether a token names a file.</summary>
    public bool Contains(ulong token) => _files.Find(token) >= 0;

    /// <summary>A file by its number.</summary>
    public ref readonly FileEntry this[int number] => ref _files[number];

    /// <summary>Reads the records of the image (reference R-00); nothing is retrieved and no callback runs.</summary>
    /// <param name="blocks">The checked chain; null for none. The set owns it from here on.</param>
    /// <param name="count">The count that the session's record gives.</param>
    /// <param name="address">Where the session's record points, for messages.</param>
    /// <returns>How many tokens name more than one file; the first answers (reference A-33).</returns>
    /// <exception cref="LiveUpdateException">ENOENT: no handler retrieves from a file's compatible string.</exception>
    /// <exception cref="LiveUpdateImageException">The count is wrong (reference A-31).</exception>
    [MethodImpl(WithinPause.Compiled)]
    public int Load(IncomingBlockSet? blocks, ulong count, PhysicalAddress address)
    {
        _blocks = blocks;
        if (blocks is null)
            return 0;
        if (environment.Memory.IsActive)
            blocks.Restore();
        _files.Reserve((int)blocks.EntryCount);
        Span<byte> buffer = stackalloc byte[LuoAbi.PageSize];
        Bytes48 lastField = default;
        FileRegistration? last = null;
        string name = "";
        int duplicates = 0;
        int run = 0;
        try
        {
            for (int block = 0; block < blocks.BlockCount; block++)
            {
                int entries = blocks.ReadBlock(block, buffer);
                _files.Reserve(_files.Count + entries);
                ReadOnlySpan<LuoFileSer> records = MemoryMarshal.Cast<byte, LuoFileSer>(
                    buffer.Slice(LuoAbi.BlockHeaderSize, entries * LuoAbi.FileSize));
                _files.Touch(records);
                foreach (ref readonly LuoFileSer record in records)
                {
                    if (last is null || !SameField(record.Compatible, lastField))
                    {
                        last?.AddIncoming(run);
                        run = 0;
                        last = Match(record.Compatible, record.Token, out name);
                        lastField = record.Compatible;
                    }

                    run++;
                    if (!ReferenceEquals(name, last.Handler.Compatible))
                        (_olderNames ??= []).Add(_files.Count, name);
                    if (!_files.Add(record.Token, record.Data, last.Number))
                        duplicates++;
                }
            }
        }
        finally
        {
            last?.AddIncoming(run);
        }

        if ((ulong)_files.Count != count)
        {
            throw new LiveUpdateImageException(
                LiveUpdateError.InvalidArgument,
                $"record of session \"{session}\"",
                address,
                LuoAbi.SessionNameLength + sizeof(ulong),
                $"a count of {_files.Count}, the entries found",
                $"{count}");
        }

        return duplicates;
    }

    /// <summary>Runs every handler's check before the commit, oldest first.</summary>
    /// <exception cref="LiveUpdateException">A callback refused.</exception>
    [MethodImpl(WithinPause.Compiled)]
    public void Verify()
    {
        int number = 0;
        try
        {
            using CallbackScope callbacks = CallbackScope.Enter();
            var call = new FileCall { Environment = environment, Session = session };
            for (; number < _files.Count; number++)
                VerifyOne(number, ref _files[number], ref call);
        }
        catch (Exception exception)
        {
            throw Failed(exception, "verify", _files[number].Token, environment.Handlers[_files[number].Handler]);
        }
    }

    /// <summary>Takes the blocks over in the account of pages, after the commit.</summary>
    public void Restore() => _blocks?.Restore();

    /// <summary>Retrieves a file; its handler's <c>Retrieve</c> runs at most once (reference ).</summary>
    /// <returns>The object that the orchestrator keeps until the session is finished.</returns>
    /// <exception cref="LiveUpdateException">ENOENT: no such token; or the error of the one attempt.</exception>
    public object Retrieve(ulong token)
    {
        int number = _files.Find(token);
        if (number < 0)
        {
            throw Refusal.Create(
                LiveUpdateError.NotFound, "retrieve", "The token names no file of this session, or the session is finished.", session, token);
        }

        ref FileEntry entry = ref _files[number];
        return entry.Status switch
        {
            FileStatus.Retrieved => entry.File!,
            FileStatus.Failed => throw Repeat(_failures![number]),
            _ => RetrieveFirst(number, ref entry),
        };
    }

    /// <summary>Asks every handler, oldest first, whether its file lets the session finish (reference R-21).</summary>
    /// <exception cref="LiveUpdateException">EBUSY: one refused; nothing has changed.</exception>
    public void CheckFinish()
    {
        for (int number = 0; number < _files.Count; number++)
        {
            ref FileEntry entry = ref _files[number];
            FileRegistration registration = environment.Handlers[entry.Handler];
            FileCall call = MakeCall(number, ref entry, registration);
            Exception? cause = null;
            bool agrees = false;
            try
            {
                using CallbackScope callback = CallbackScope.Enter();
                agrees = registration.Handler.InvokeCanFinish(ref call);
            }
            catch (Exception exception)
            {
                cause = exception;
            }

            if (!agrees)
            {
                throw Refusal.Create(
                    LiveUpdateError.Busy, "finish", "The handler refuses to finish the file.", session, entry.Token, registration.Handler.Compatible, cause);
            }
        }
    }

    /// <summary>Finishes every file, newest first (reference ). Cannot fail.</summary>
    public void FinishAll()
    {
        for (int number = _files.Count - 1; number >= 0; number--)
            FinishOne(number, ref _files[number]);
        Drop();
    }

    /// <summary>Lets the handlers go without any callback: the session was lost with its generation, or could not be read.</summary>
    public void Abandon()
    {
        for (int number = 0; number < _files.Count; number++)
        {
            FileRegistration registration = environment.Handlers[_files[number].Handler];
            LetGo(_files[number].File);
            if (registration.RemoveIncoming())
                environment.Handlers.Retire(registration);
        }

        Drop();
    }

    private static bool SameField(in Bytes48 left, in Bytes48 right) =>
        ((ReadOnlySpan<byte>)left).SequenceEqual(right);

    private static LiveUpdateException Repeat(LiveUpdateException first) => new(first.Error, "The one attempt to retrieve the file failed.", first)
    {
        Operation = "retrieve",
        Session = first.Session,
        Token = first.Token,
        Handler = first.Handler,
    };

    private FileRegistration Match(in Bytes48 field, ulong token, out string name)
    {
        name = "";
        string found = "a compatible string without an end";
        if (CompatibleField.TryRead(field, out CompatibleField compatible))
        {
            if (environment.Handlers.Match(compatible, out name) is { } registration)
                return registration;
            found = $"\"{compatible}\"";
        }

        throw Refusal.Create(LiveUpdateError.NotFound, "open device", $"No handler retrieves from {found}.", session, token);
    }

    [MethodImpl(WithinPause.Compiled)]
    private void VerifyOne(int number, ref FileEntry entry, ref FileCall call)
    {
        FileRegistration registration = environment.Handlers[entry.Handler];
        if (registration != call.Registration || _olderNames is not null)
            (call.Registration, call.Compatible) = (registration, CompatibleOf(number, registration));
        (call.Token, call.Data, call.State) = (entry.Token, entry.Data, null);
        registration.Handler.InvokeVerify(ref call);
        if (call.State is not null)
            entry.State = call.State;
    }

    private object RetrieveFirst(int number, ref FileEntry entry)
    {
        FileRegistration registration = environment.Handlers[entry.Handler];
        FileCall call = MakeCall(number, ref entry, registration);
        call.File = null;
        CheckDescriptorFree(entry.Token);
        try
        {
            using CallbackScope callback = CallbackScope.Enter();
            registration.Handler.InvokeRetrieve(ref call);
            Hold(call.File);
        }
        catch (Exception exception)
        {
            LiveUpdateException failure = Failed(exception, "retrieve", entry.Token, registration);
            (_failures ??= []).Add(number, failure);
            entry.Status = FileStatus.Failed;
            entry.State = null;
            throw failure;
        }

        (entry.File, entry.State, entry.Status) = (call.File, null, FileStatus.Retrieved);
        RecordId(number, entry.File!, registration);
        return entry.File!;
    }

    // Whoever has no number left finds out before the one attempt is made, as with the kernel itself (reference U-21).
    private void CheckDescriptorFree(ulong token)
    {
        try
        {
            environment.Carried?.CheckDescriptorFree();
        }
        catch (LiveUpdateException exception)
        {
            throw Refusal.Create(exception.Error, "retrieve", exception.Reason, session, token, inner: exception);
        }
    }

    /// <summary>
    /// Enters the object's id (reference R-06). An object that is another's too is busy until both let go; of other ids the first owner keeps it.
    /// </summary>
    private void RecordId(int number, object file, FileRegistration registration)
    {
        try
        {
            using CallbackScope callback = CallbackScope.Enter();
            if (!registration.Handler.TryInvokeGetId(file, out FileId id))
                id = PreservedObject.DefaultId(file, PreservedObject.DescriptorOf(file));
            if (ReferenceEquals(id.Reference, file) && id.Description is null)
            {
                environment.Ids.AddOwner(file);
                _files[number].State = file;
            }
            else if (environment.Ids.TryAdd(id))
            {
                (_ids ??= []).Add(number, id);
            }
        }
        catch (Exception exception)
        {
            environment.Errors.Add(Failed(exception, "get id", _files[number].Token, registration));
        }
    }

    private void FinishOne(int number, ref FileEntry entry)
    {
        FileRegistration registration = environment.Handlers[entry.Handler];
        FileCall call = MakeCall(number, ref entry, registration);
        try
        {
            using CallbackScope callback = CallbackScope.Enter();
            registration.Handler.InvokeFinish(ref call);
        }
        catch (Exception exception)
        {
            environment.Errors.Add(Failed(exception, "finish", entry.Token, registration));
        }

        FinishFlbs(registration);
        if (entry.Status == FileStatus.Retrieved)
            ReleaseObject(number, ref entry);
        if (registration.RemoveIncoming())
            environment.Handlers.Retire(registration);
    }

    private void FinishFlbs(FileRegistration registration)
    {
        FlbRegistration[] links = registration.Links;
        if (links.Length == 0)
            return;
        environment.Handlers.Lock.EnterShared();
        try
        {
            for (int i = links.Length - 1; i >= 0; i--)
                links[i].Incoming.FinishFile();
        }
        finally
        {
            environment.Handlers.Lock.ExitShared();
        }
    }

    private void ReleaseObject(int number, ref FileEntry entry)
    {
        if (_ids is not null && _ids.TryGetValue(number, out FileId id))
            environment.Ids.Remove(id);
        else if (entry.State is { } reference)
            environment.Ids.Remove(new FileId(reference));
        LetGo(entry.File);
    }

    /// <summary>Keeps a retrieved descriptor open until <see cref="LetGo"/>, whoever else disposes the handle: its id is that of an open one.</summary>
    private static void Hold(object? file)
    {
        bool held = false;
        (file as SafeHandle)?.DangerousAddRef(ref held);
    }

    private static void LetGo(object? file)
    {
        if (file is not SafeHandle handle)
            return;
        // Elsewhere than on Linux the caller has this very handle.
        if (OperatingSystem.IsLinux())
            handle.Dispose();
        handle.DangerousRelease();
    }

    private void Drop()
    {
        _files.Clear();
        (_ids, _failures, _olderNames) = (null, null, null);
        _blocks?.Dispose();
        _blocks = null;
    }

    private FileCall MakeCall(int number, ref FileEntry entry, FileRegistration registration) => new()
    {
        Environment = environment,
        Session = session,
        Registration = registration,
        Compatible = CompatibleOf(number, registration),
        File = entry.File,
        State = entry.State,
        Token = entry.Token,
        Data = entry.Data,
        Status = entry.Status,
        Failure = entry.Status == FileStatus.Failed ? _failures![number].Error : LiveUpdateError.None,
    };

    private string CompatibleOf(int number, FileRegistration registration) =>
        _olderNames is not null && _olderNames.TryGetValue(number, out string? older) ? older : registration.Handler.Compatible;

    private LiveUpdateException Failed(Exception exception, string callback, ulong token, FileRegistration registration) =>
        Refusal.FromCallback(exception, callback, session, token, registration.Handler.Compatible);
}
