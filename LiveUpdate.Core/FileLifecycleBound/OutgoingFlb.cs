using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>
/// The outgoing side of one FLB in one orchestrator: idle, or held by files and references (reference 4.11).
/// </summary>
/// <remarks>Its lock is the innermost but one of the lock order (C-01) and is held during the FLB's callbacks (C-12).</remarks>
internal sealed class OutgoingFlb(Flb flb, KexecHandover memory, CleanupErrors errors)
{
    private readonly Lock _lock = new();
    private long _files;
    private long _references;
    private ulong _data;
    private object? _object;

    /// <summary>How many files hold it: the count that is handed over, references aside (reference G-27).</summary>
    public long Files => Volatile.Read(ref _files);

    /// <summary>Whether it is held by anything.</summary>
    public bool IsHeld => Volatile.Read(ref _files) + Volatile.Read(ref _references) != 0;

    /// <summary>The data handle from <c>Preserve</c>.</summary>
    public ulong Data => _data;

    /// <summary>A file is being preserved: <c>Preserve</c> on the way from 0 to 1 (reference G-10).</summary>
    /// <exception cref="LiveUpdateException">The callback refused; the count is as before.</exception>
    public void AddFile()
    {
        using Lock.Scope scope = Enter();
        if (_files + _references == 0)
        {
            var call = new FlbCall { Memory = memory };
            try
            {
                using CallbackScope callback = CallbackScope.Enter();
                flb.InvokePreserve(ref call);
            }
            catch (Exception exception)
            {
                throw Refusal.FromCallback(exception, "FLB preserve", handler: flb.Compatible);
            }

            (_data, _object) = (call.Data, call.Object);
        }

        _files++;
    }

    /// <summary>A file is unpreserved: <c>Unpreserve</c> on the way from 1 to 0 (reference G-12).</summary>
    public void RemoveFile()
    {
        using Lock.Scope scope = Enter();
        if (_files == 0)
            return;
        _files--;
        ReleaseIfUnheld();
    }

    /// <summary>Gets a reference (reference G-31).</summary>
    /// <exception cref="LiveUpdateException">ENOENT: no file holds it.</exception>
    public object? Get()
    {
        using Lock.Scope scope = Enter();
        if (_files + _references == 0)
        {
            Refusal.Throw(
                LiveUpdateError.NotFound, "get FLB", "No preserved file depends on the FLB.", handler: flb.Compatible);
        }

        _references++;
        return _object;
    }

    /// <summary>Puts a reference; the last one runs <c>Unpreserve</c> here (reference G-33).</summary>
    public void Put()
    {
        using Lock.Scope scope = Enter();
        _references--;
        ReleaseIfUnheld();
    }

    /// <summary>The object, for a callback of a file that holds the FLB.</summary>
    public object? Peek()
    {
        using Lock.Scope scope = Enter();
        return _object;
    }

    private void ReleaseIfUnheld()
    {
        if (_files + _references != 0)
            return;
        var call = new FlbCall { Memory = memory, Data = _data, Object = _object };
        try
        {
            using CallbackScope callback = CallbackScope.Enter();
            flb.InvokeUnpreserve(ref call);
        }
        catch (Exception exception)
        {
            errors.Add(Refusal.FromCallback(exception, "FLB unpreserve", handler: flb.Compatible));
        }

        (_data, _object) = (0, null);
    }

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
