using System.Net.Sockets;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <content>Preserve (reference 4.5).</content>
/// <remarks>
/// The steps are one straight path without a <c>try</c> of their own; how far it came stands in an <see cref="Attempt"/>, which
/// <see cref="Undo"/> reads.
/// </remarks>
internal sealed partial class OutgoingFileSet
{
    /// <summary>Preserves a file.</summary>
    /// <exception cref="LiveUpdateException">The refusal, in the order of the reference 3.4.</exception>
    public void Preserve(ulong token, object file)
    {
        if (_files.Find(token) >= 0)
            throw Refuse(LiveUpdateError.Exists, token, "The token names a file of this session already.");
        if (_blocks is null || _files.Count == _blocks.Capacity || !_files.HasRoom)
            MakeRoom(token);
        var attempt = new Attempt { Token = token, File = file };
        try
        {
            attempt.Descriptor = Acquire(file, token);
            attempt.IsDuplicate = PreservedObject.NeedsDuplicate(file);
            if (attempt.IsDuplicate && file is SafeSocketHandle)
                attempt.File = attempt.Descriptor!;
            using CallbackScope callbacks = CallbackScope.Enter();
            Preserve(ref attempt);
        }
        catch (Exception exception)
        {
            Undo(ref attempt);
            if (attempt.Callback is { } callback)
                throw Failed(exception, callback, token, attempt.Registration);
            throw;
        }
    }

    private void Preserve(ref Attempt attempt)
    {
        SharedGate registrations = environment.Handlers.Lock;
        registrations.EnterShared();
        attempt.HoldsRegistrations = true;
        object accepted = Choose(ref attempt);
        Identify(ref attempt, accepted);
        FileRegistration registration = attempt.Registration;
        registration.AddOutgoing();
        attempt.HoldsHandler = true;
        if (registration.Links.Length != 0)
        {
            PreserveFlbs(attempt.Token, registration);
            attempt.HoldsFlbs = true;
        }

        registrations.ExitShared();
        attempt.HoldsRegistrations = false;
        if (environment.RecordFault?.Invoke("file record") == true)
            throw Refuse(LiveUpdateError.OutOfMemory, attempt.Token, "No memory for the file's record.");
        bool plain = attempt.Descriptor is null && ReferenceEquals(attempt.Id.Reference, accepted);
        if (!plain)
            (_holds ??= []).EnsureCapacity(_holds.Count + 1);
        Publish(ref attempt, accepted);
        if (!plain)
            _holds!.Add(_files.Count - 1, new FileHold(attempt.Descriptor, attempt.Id, attempt.IsDuplicate));
    }

    /// <summary>Takes the first handler, in registration order, that takes the file (reference H-03, F-04).</summary>
    /// <returns>The file in the form that the handler takes.</returns>
    private object Choose(ref Attempt attempt)
    {
        if (attempt.File is not IControlObject)
        {
            foreach (FileRegistration registration in environment.Handlers.AsSpan())
            {
                if (registration.Handler.Accepts(attempt.File, attempt.Descriptor) is not { } accepted)
                    continue;
                attempt.Registration = registration;
                attempt.Callback = "can preserve";
                bool takes = registration.Handler.InvokeCanPreserve(accepted);
                attempt.Callback = null;
                if (!takes)
                    continue;
                if (registration.IsGoingAway)
                    ThrowGoingAway(ref attempt);
                return accepted;
            }
        }

        throw Refuse(LiveUpdateError.NotFound, attempt.Token, $"No handler takes a file of type {attempt.File.GetType().Name}.");
    }

    private void Identify(ref Attempt attempt, object accepted)
    {
        attempt.Callback = "get id";
        if (!attempt.Registration.Handler.TryInvokeGetId(accepted, out attempt.Id))
            attempt.Id = PreservedObject.DefaultId(attempt.File, attempt.Descriptor);
        attempt.Callback = null;
        if (!environment.Ids.TryAdd(attempt.Id))
            ThrowBusy(ref attempt);
        attempt.HoldsId = true;
    }

    private void Publish(ref Attempt attempt, object accepted)
    {
        FileRegistration registration = attempt.Registration;
        var call = new FileCall
        {
            Environment = environment,
            Session = session,
            Registration = registration,
            Compatible = registration.Handler.Compatible,
            File = accepted,
            Token = attempt.Token,
        };
        attempt.Callback = "preserve";
        if (environment.Carried is { } carried)
            PreserveCarried(ref attempt, ref call, carried);
        else
            registration.Handler.InvokePreserve(ref call);
        attempt.Callback = null;
        FileRecord.Write(_blocks!.GetEntry(_files.Count), registration.Field, new DataHandle(call.Data), new Token(call.Token));
        _files.Add(call.Token, call.Data, registration.Number, accepted, call.State);
    }

    /// <summary>
    /// Preserves a file, and then its descriptor in the carrier's session. That is last, since what a kernel has taken it gives back with the
    /// whole session only (reference F-23); if it refuses, the handler undoes what it did.
    /// </summary>
    private void PreserveCarried(ref Attempt attempt, ref FileCall call, CarriedSessions carried)
    {
        FileHandler handler = attempt.Registration.Handler;
        environment.Descriptors.BeginCollect();
        int slot;
        try
        {
            handler.InvokePreserve(ref call);
        }
        finally
        {
            slot = DescriptorSlots.EndCollect();
        }

        attempt.Callback = null;
        if (slot < 0)
            return;
        try
        {
            _carried ??= carried.Create(SessionName);
            environment.Descriptors.Carry(slot, _carried, attempt.Token);
        }
        catch (Exception exception)
        {
            Unpreserve(ref call, attempt.Registration);
            if (_carried is { Files: 0 })
                CloseCarried();
            if (exception is LiveUpdateException refusal)
                throw Refusal.Create(refusal.Error, "preserve", refusal.Reason, session, attempt.Token, handler.Compatible, refusal.InnerException);
            throw;
        }
    }

    /// <summary>Undoes what an attempt holds, last first.</summary>
    private void Undo(ref Attempt attempt)
    {
        if (attempt.HoldsFlbs)
            UnpreserveFlbs(attempt.Registration);
        if (attempt.HoldsId)
            environment.Ids.Remove(attempt.Id);
        bool last = attempt.HoldsHandler && attempt.Registration.RemoveOutgoing();
        if (attempt.HoldsRegistrations)
            environment.Handlers.Lock.ExitShared();
        if (last)
            environment.Handlers.Retire(attempt.Registration);
        new FileHold(attempt.Descriptor, attempt.Id, attempt.IsDuplicate).Release();
        _blocks!.Trim(_files.Count);
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
            if (OperatingSystem.IsLinux() && PreservedObject.NeedsDuplicate(file))
                descriptor = Interop.DescriptorInfo.Duplicate(descriptor);
            bool held = false;
            descriptor.DangerousAddRef(ref held);
        }
        catch (ObjectDisposedException exception)
        {
            throw Refuse(LiveUpdateError.BadDescriptor, token, "The descriptor is not open.", exception);
        }
        catch (IOException exception)
        {
            throw Refuse(LiveUpdateError.InputOutput, token, "The stream cannot be flushed.", exception);
        }
        catch (LiveUpdateException exception)
        {
            throw Refuse(exception.Error, token, "The socket cannot be duplicated.", exception);
        }

        if (descriptor.IsInvalid || (OperatingSystem.IsLinux() && !Interop.DescriptorInfo.IsOpen(descriptor)))
        {
            new FileHold(descriptor, default, PreservedObject.NeedsDuplicate(file)).Release();
            throw Refuse(LiveUpdateError.BadDescriptor, token, "The handle is not an open descriptor of a file, or one of a path only.");
        }

        return descriptor;
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

    private void ThrowGoingAway(ref Attempt attempt) => Refusal.Throw(
        LiveUpdateError.NotFound,
        "preserve",
        "The handler that takes the file is being unregistered.",
        session,
        attempt.Token,
        attempt.Registration.Handler.Compatible);

    private void ThrowBusy(ref Attempt attempt) => Refusal.Throw(
        LiveUpdateError.Busy,
        "preserve",
        "The object is preserved already, or was retrieved in a session that is not finished.",
        session,
        attempt.Token,
        attempt.Registration.Handler.Compatible);

    /// <summary>One call of <see cref="Preserve(ulong, object)"/>, and how far it came.</summary>
    private struct Attempt
    {
        public ulong Token;
        public object File;
        public SafeHandle? Descriptor;
        public bool IsDuplicate;
        public FileRegistration Registration;
        public FileId Id;

        /// <summary>The callback that runs, which an exception is blamed on; null between callbacks.</summary>
        public string? Callback;
        public bool HoldsRegistrations;
        public bool HoldsHandler;
        public bool HoldsId;
        public bool HoldsFlbs;
    }
}
