using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

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
internal sealed class OutgoingFileSet(FileEnvironment environment, PageOwner owner, string session)
{
    private readonly FileTable _files = new();
    private Dictionary<int, FileHold>? _holds;
    private BlockSet? _blocks;

    /// <summary>How many files there are.</summary>
    public int Count => _files.Count;

    /// <summary>A file by its number.</summary>
    public ref readonly FileEntry this[int number] => ref _files[number];

    /// <summary>Preserves a file.</summary>
    /// <exception cref="LiveUpdateException">The refusal, in the order of the reference 3.4.</exception>
    public void Preserve(ulong token, object file)
    {
        if (_files.Find(token) >= 0)
            throw Refuse(LiveUpdateError.Exists, token, "The token names a file of this session already.");
        MakeRoom(token);
        SafeHandle? descriptor = null;
        try
        {
            descriptor = Acquire(file, token);
            Preserve(token, file, descriptor);
        }
        catch
        {
            descriptor?.DangerousRelease();
            _blocks!.Trim(_files.Count);
            throw;
        }
    }

    /// <summary>Unpreserves every file, newest first (reference F-20, F-21).</summary>
    public void UnpreserveAll()
    {
        for (int number = _files.Count - 1; number >= 0; number--)
        {
            ref FileEntry entry = ref _files[number];
            FileRegistration registration = environment.Handlers[entry.Handler];
            FileCall call = MakeCall(ref entry, registration);
            try
            {
                using CallbackScope callback = CallbackScope.Enter();
                registration.Handler.InvokeUnpreserve(ref call);
            }
            catch (Exception exception)
            {
                environment.Errors.Add(Failed(exception, "unpreserve", entry.Token, registration));
            }

            UnpreserveFlbs(registration);
            FileHold hold = HoldOf(number, entry.File!);
            environment.Ids.Remove(hold.Id);
            if (registration.RemoveFile())
                environment.Handlers.Retire(registration);
            _blocks!.Trim(number);
            hold.Handle?.DangerousRelease();
            entry = default;
        }

        _files.Clear();
        _holds = null;
        _blocks?.Dispose();
        _blocks = null;
    }

    /// <summary>
    /// Freezes every file, oldest first, and completes its record; on a failure unfreezes those before it, oldest first (F-31, F-35).
    /// </summary>
    /// <param name="progress">Where the freeze is, for the watchdog; also the deadline.</param>
    /// <returns>The first block, for the session's record.</returns>
    /// <exception cref="LiveUpdateException">A callback refused, or the deadline passed.</exception>
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
            hold.Handle?.DangerousRelease();
        _holds = null;
    }

    private void Preserve(ulong token, object file, SafeHandle? descriptor)
    {
        FileRegistration registration;
        object accepted;
        FileId id;
        SharedGate registrations = environment.Handlers.Lock;
        registrations.EnterShared();
        try
        {
            (registration, accepted) = Choose(token, file, descriptor);
            id = Identify(token, file, accepted, descriptor, registration);
            registration.AddFile();
            try
            {
                PreserveFlbs(token, registration);
            }
            catch
            {
                environment.Ids.Remove(id);
                registration.RemoveFile();
                throw;
            }
        }
        finally
        {
            registrations.ExitShared();
        }

        try
        {
            bool plain = descriptor is null && ReferenceEquals(id.Reference, accepted);
            if (environment.RecordFault?.Invoke("file record") == true)
                throw Refuse(LiveUpdateError.OutOfMemory, token, "No memory for the file's record.");
            if (!plain)
                (_holds ??= []).EnsureCapacity(_holds.Count + 1);
            Publish(token, accepted, registration);
            if (!plain)
                _holds!.Add(_files.Count - 1, new FileHold(descriptor, id));
        }
        catch
        {
            UnpreserveFlbs(registration);
            environment.Ids.Remove(id);
            if (registration.RemoveFile())
                environment.Handlers.Retire(registration);
            throw;
        }
    }

    private void Publish(ulong token, object accepted, FileRegistration registration)
    {
        var entry = new FileEntry { File = accepted, Token = token, Handler = registration.Number };
        FileCall call = MakeCall(ref entry, registration);
        try
        {
            using CallbackScope callback = CallbackScope.Enter();
            registration.Handler.InvokePreserve(ref call);
        }
        catch (Exception exception)
        {
            throw Failed(exception, "preserve", token, registration);
        }

        (entry.Data, entry.State) = (call.Data, call.State);
        FileRecord.Write(_blocks!.GetEntry(_files.Count), registration.Field, new DataHandle(entry.Data), new Token(token));
        _files.Add(entry);
    }

    private void MakeRoom(ulong token)
    {
        if (_files.Count == LuoAbi.MaxFilesPerSession)
            throw Refuse(LiveUpdateError.NoSpace, token, $"A session holds at most {LuoAbi.MaxFilesPerSession} files.");
        try
        {
            _blocks ??= new BlockSet(environment.Memory, LuoAbi.FileSize, owner);
            _blocks.EnsureCapacity(_files.Count + 1L);
            _files.Reserve(_files.Count + 1);
        }
        catch (OutOfMemoryException exception)
        {
            _blocks!.Trim(_files.Count);
            throw Refuse(LiveUpdateError.OutOfMemory, token, "No memory for the file's record.", exception);
        }
        catch (LiveUpdateException exception)
        {
            throw Refuse(exception.Error, token, "No preserved memory for the file's record.", exception);
        }
    }

    private SafeHandle? Acquire(object file, ulong token)
    {
        SafeHandle? descriptor;
        try
        {
            descriptor = PreservedObject.DescriptorOf(file);
            if (descriptor is null)
                return null;
            bool held = false;
            descriptor.DangerousAddRef(ref held);
        }
        catch (ObjectDisposedException exception)
        {
            throw Refuse(LiveUpdateError.BadDescriptor, token, "The descriptor is not open.", exception);
        }

        if (descriptor.IsInvalid || (OperatingSystem.IsLinux() && !Interop.DescriptorInfo.IsOpen(descriptor)))
        {
            descriptor.DangerousRelease();
            throw Refuse(LiveUpdateError.BadDescriptor, token, "The handle is not an open descriptor of a file, or one of a path only.");
        }

        return descriptor;
    }

    private (FileRegistration Registration, object Accepted) Choose(ulong token, object file, SafeHandle? descriptor)
    {
        IReadOnlyList<FileRegistration> ordered = environment.Handlers.Ordered;
        for (int i = 0; i < ordered.Count && file is not IControlObject; i++)
        {
            FileRegistration registration = ordered[i];
            if (registration.Handler.Accepts(file, descriptor) is not { } accepted)
                continue;
            bool takes;
            try
            {
                using CallbackScope callback = CallbackScope.Enter();
                takes = registration.Handler.InvokeCanPreserve(accepted);
            }
            catch (Exception exception)
            {
                throw Failed(exception, "can preserve", token, registration);
            }

            if (!takes)
                continue;
            if (registration.IsGoingAway)
            {
                throw Refusal.Create(
                    LiveUpdateError.NotFound,
                    "preserve",
                    "The handler that takes the file is being unregistered.",
                    session,
                    token,
                    registration.Handler.Compatible);
            }

            return (registration, accepted);
        }

        throw Refuse(LiveUpdateError.NotFound, token, $"No handler takes a file of type {file.GetType().Name}.");
    }

    private FileId Identify(ulong token, object file, object accepted, SafeHandle? descriptor, FileRegistration registration)
    {
        FileId id;
        try
        {
            using CallbackScope callback = CallbackScope.Enter();
            if (!registration.Handler.TryInvokeGetId(accepted, out id))
                id = PreservedObject.DefaultId(file, descriptor);
        }
        catch (Exception exception)
        {
            throw Failed(exception, "get id", token, registration);
        }

        if (environment.Ids.TryAdd(id))
            return id;
        throw Refusal.Create(
            LiveUpdateError.Busy,
            "preserve",
            "The object is preserved already, or was retrieved in a session that is not finished.",
            session,
            token,
            registration.Handler.Compatible);
    }

    private void PreserveFlbs(ulong token, FileRegistration registration)
    {
        FlbRegistration[] links = registration.Links;
        int held = 0;
        try
        {
            for (; held < links.Length; held++)
                links[held].Outgoing.AddFile();
        }
        catch (LiveUpdateException exception)
        {
            while (--held >= 0)
                links[held].Outgoing.RemoveFile();
            throw Refusal.Create(exception.Error, "preserve", exception.Message, session, token, exception.Handler, exception.InnerException);
        }
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

    private void FreezeOne(ref FileEntry entry, ref LuoFileSer record, ref FileCall call)
    {
        FileRegistration registration = environment.Handlers[entry.Handler];
        call.Registration = registration;
        call.Compatible = registration.Handler.Compatible;
        (call.File, call.State, call.Token, call.Data) = (entry.File, entry.State, entry.Token, entry.Data);
        registration.Handler.InvokeFreeze(ref call);
        entry.Data = call.Data;
        record.Data = call.Data;
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
        }
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
