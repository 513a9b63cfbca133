namespace LiveUpdate;

/// <content>Handlers and FLBs that come and go after boot (reference 4.4, 4.11).</content>
public sealed partial class LiveUpdateOrchestrator
{
    /// <summary>Registers a handler, and the FLBs it depends on (reference H-01, H-05).</summary>
    /// <param name="handler">The handler.</param>
    /// <exception cref="ArgumentNullException"><paramref name="handler"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="LiveUpdateException">
    /// EOPNOTSUPP: switched off. EEXIST: the compatible string is registered, or an FLB twice or under a used name. ENOSPC: 63 FLBs.
    /// </exception>
    public void Register(FileHandler handler)
    {
        ThrowIfOff("register handler");
        _engine.Handlers.Register(handler);
    }

    /// <summary>
    /// Unregisters a handler (reference H-06). One that files still hold leaves with the last of them; until then it takes no more.
    /// </summary>
    /// <param name="handler">The handler.</param>
    /// <returns>False if it is not registered.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="handler"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    public bool Unregister(FileHandler handler) => _engine.Handlers.Unregister(handler);

    /// <summary>Makes every later file of a handler depend on an FLB (reference G-01).</summary>
    /// <param name="flb">The FLB.</param>
    /// <param name="handler">A registered handler that no file holds.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="LiveUpdateException">
    /// EOPNOTSUPP: switched off. EINVAL: the handler is not registered. EEXIST: linked already. EBUSY: files hold the handler (G-04). ENOSPC: 63
    /// FLBs. EEXIST: another FLB has the name. In this order.
    /// </exception>
    public void Register(Flb flb, FileHandler handler)
    {
        ThrowIfOff("register FLB");
        _engine.Handlers.Link(handler, flb);
    }

    /// <summary>Undoes <see cref="Register(Flb, FileHandler)"/> (reference G-06).</summary>
    /// <param name="flb">The FLB.</param>
    /// <param name="handler">The handler; no file may hold it.</param>
    /// <returns>False if the handler does not depend on the FLB.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="LiveUpdateException">EBUSY: files hold the handler (G-05).</exception>
    public bool Unregister(Flb flb, FileHandler handler) => _engine.Handlers.Unlink(handler, flb);

    /// <summary>Gets the live object of an FLB that preserved files hold (reference G-31).</summary>
    /// <typeparam name="T">The live form of the FLB.</typeparam>
    /// <param name="flb">The FLB.</param>
    /// <returns>A counted reference; disposing it is the put. While it is held, the FLB is not unpreserved.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="flb"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback of the FLB itself on this side.</exception>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP: switched off. ENOENT: no file holds it. ESHUTDOWN: handed over.</exception>
    /// <exception cref="ObjectDisposedException">The orchestrator is disposed.</exception>
    public FlbReference<T> GetOutgoing<T>(Flb<T> flb)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(flb);
        ThrowIfOff("get FLB");
        OutgoingFlb outgoing = _engine.Flbs.Get(flb).Outgoing;
        object? value = null;
        _engine.Gate.RunFlb("get FLB", () => value = outgoing.Get());
        return new FlbReference<T>((T?)value, () => _engine.Gate.PutFlb(outgoing.Put));
    }

    /// <summary>Gets the live object of an FLB that was handed over, retrieving it if nobody did (reference G-30).</summary>
    /// <typeparam name="T">The live form of the FLB.</typeparam>
    /// <param name="flb">The FLB; it need not be registered with a handler.</param>
    /// <returns>A counted reference; disposing it is the put. While it is held, the FLB is not finished.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="flb"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback of the FLB itself on this side.</exception>
    /// <exception cref="LiveUpdateException">
    /// EOPNOTSUPP: switched off. ENODATA: nothing was handed over, or the FLB is finished. ENOENT: none of this name was handed over. ENODEV: its
    /// handlers are being unregistered. What its one <c>Retrieve</c> refused with. ESHUTDOWN: handed over.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The orchestrator is disposed.</exception>
    public FlbReference<T> GetIncoming<T>(Flb<T> flb)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(flb);
        ThrowIfOff("get FLB");
        FlbRegistration registration = _engine.Flbs.Get(flb);
        IncomingFlb incoming = registration.Incoming;
        object? value = null;
        _engine.Gate.RunFlb("get FLB", () => value = incoming.Get(registration.IsGoingAway));
        return new FlbReference<T>((T?)value, () => _engine.Gate.PutFlb(incoming.Put));
    }

    private void ThrowIfOff(string operation)
    {
        if (!_engine.Options.IsEnabled)
            throw Refusal.Create(LiveUpdateError.NotSupported, operation, "Live update is switched off (reference O-01).");
    }
}
