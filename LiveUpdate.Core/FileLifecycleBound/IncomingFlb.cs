using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>
/// The incoming side of one FLB in one orchestrator: dormant, live, failed or finished (reference 4.11).
/// </summary>
/// <remarks>
/// The count of the image is loaded at start and an object that nobody asked for is retrieved and then finished with its last file:
/// the contract of G-21, where the kernel forgets it (G-23).
/// </remarks>
internal sealed class IncomingFlb(Flb flb, KexecHandover memory, CleanupErrors errors)
{
    private enum State
    {
        Dormant,
        Live,
        Failed,
        Finished,
    }

    private readonly Lock _lock = new();
    private State _state;
    private bool _hasImage;
    private bool _hasRecord;
    private ulong _data;
    private ulong _files;
    private ulong _references;
    private object? _object;
    private LiveUpdateException? _failure;

    /// <summary>Whether anything was handed over under its name and has not been finished.</summary>
    /// <remarks>One that cannot be retrieved is over with its last file, although nobody finishes it (reference G-24).</remarks>
    public bool IsHeld => _hasRecord && _state != State.Finished && (_state != State.Failed || _files != 0);

    /// <summary>Takes the record of the image, if there was a hand-over; called once, before anything else.</summary>
    /// <param name="record">The data handle and the number of files, if the FLB page names this FLB.</param>
    public void Load((ulong Data, ulong Files)? record)
    {
        _hasImage = true;
        if (record is not { } found)
            return;
        _hasRecord = true;
        (_data, _files) = found;
    }

    /// <summary>Runs the FLB's check before the commit.</summary>
    /// <exception cref="LiveUpdateException">The callback refused.</exception>
    public void Verify()
    {
        if (!_hasRecord)
            return;
        var call = new FlbCall { Memory = memory, Data = _data };
        try
        {
            using CallbackScope callback = CallbackScope.Enter();
            flb.InvokeVerify(ref call);
        }
        catch (Exception exception)
        {
            throw Refusal.FromCallback(exception, "FLB verify", handler: flb.Compatible);
        }
    }

    /// <summary>Gets a reference, retrieving the object if nobody did (reference G-30).</summary>
    /// <param name="goingAway">Whether every handler that depends on it is being unregistered (reference G-25).</param>
    /// <exception cref="LiveUpdateException">ENODATA, ENOENT, ENODEV, or what the one <c>Retrieve</c> refused with.</exception>
    public object? Get(bool goingAway)
    {
        using Lock.Scope scope = Enter();
        EnsureRetrieved(goingAway);
        _references++;
        return _object;
    }

    /// <summary>The object, for a callback of a file that depends on the FLB; retrieves it if nobody did.</summary>
    /// <exception cref="LiveUpdateException">As <see cref="Get"/>.</exception>
    public object? Peek()
    {
        using Lock.Scope scope = Enter();
        EnsureRetrieved(goingAway: false);
        return _object;
    }

    /// <summary>Puts a reference; the last one runs <c>Finish</c> here (reference G-33).</summary>
    public void Put()
    {
        using Lock.Scope scope = Enter();
        _references--;
        FinishIfUnheld();
    }

    /// <summary>A file that depends on it is finished (reference G-20).</summary>
    public void FinishFile()
    {
        using Lock.Scope scope = Enter();
        if (!_hasRecord || _files == 0)
            return;
        _files--;
        FinishIfUnheld();
    }

    private void EnsureRetrieved(bool goingAway)
    {
        switch (_state)
        {
            case State.Live:
                return;
            case State.Finished:
                throw Refused(LiveUpdateError.NoData, "The FLB has been finished in this generation.");
            case State.Failed:
                throw Refused(_failure!.Error, "The one attempt to retrieve the FLB failed.", _failure);
        }

        if (!_hasImage)
            throw Refused(LiveUpdateError.NoData, "Nothing was handed over to this generation.");
        if (!_hasRecord)
            throw Refused(LiveUpdateError.NotFound, "The previous generation handed over no FLB of this name.");
        if (goingAway)
            throw Refused(LiveUpdateError.NoDevice, "Every handler that depends on the FLB is being unregistered.");
        Retrieve();
        if (_state == State.Failed)
            throw _failure!;
    }

    private void Retrieve()
    {
        var call = new FlbCall { Memory = memory, Data = _data };
        try
        {
            using CallbackScope callback = CallbackScope.Enter();
            flb.InvokeRetrieve(ref call);
            (_state, _object) = (State.Live, call.Object);
        }
        catch (Exception exception)
        {
            _failure = Refusal.FromCallback(exception, "FLB retrieve", handler: flb.Compatible);
            _state = State.Failed;
        }
    }

    private void FinishIfUnheld()
    {
        if (_files + _references != 0 || _state == State.Finished)
            return;
        if (_state == State.Dormant)
            Retrieve();
        if (_state == State.Failed)
        {
            errors.Add(_failure!);
            return;
        }

        var call = new FlbCall { Memory = memory, Object = _object };
        try
        {
            using CallbackScope callback = CallbackScope.Enter();
            flb.InvokeFinish(ref call);
        }
        catch (Exception exception)
        {
            errors.Add(Refusal.FromCallback(exception, "FLB finish", handler: flb.Compatible));
        }

        (_state, _object, _data) = (State.Finished, null, 0);
    }

    private LiveUpdateException Refused(LiveUpdateError error, string message, Exception? inner = null) =>
        Refusal.Create(error, "get FLB", message, handler: flb.Compatible, inner: inner);

    private Lock.Scope Enter()
    {
        if (_lock.IsHeldByCurrentThread)
        {
            throw new InvalidOperationException(
                $"A callback of the FLB \"{flb.Compatible}\" used the FLB itself on the same side; it would wait for itself (reference C-13).");
        }

        return _lock.EnterScope();
    }
}
