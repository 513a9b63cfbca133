using System.Runtime.InteropServices;
using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <summary>
/// The file handlers of one orchestrator in registration order, and their links to FLBs (reference 4.4, G-01 to G-06).
/// </summary>
/// <remarks>
/// Members that change something take <see cref="Lock"/> for themselves; the others need it shared, or exclusive, of their caller. It nests
/// inside the locks of sessions and outside those of FLBs (reference C-01, C-13).
/// </remarks>
internal sealed class HandlerRegistry(FlbRegistry flbs)
{
    private readonly List<FileRegistration> _ordered = [];
    private FileRegistration[] _byNumber = [];
    private int _numbers;

    /// <summary>Keeps registration apart from the choice of handlers and from the FLB work of files.</summary>
    public SharedGate Lock { get; } = new();

    /// <summary>The registered handlers in order. Needs the lock shared.</summary>
    public IReadOnlyList<FileRegistration> Ordered => _ordered;

    /// <summary>The registered handlers in order, for a walk that a preserved file waits for. Needs the lock shared.</summary>
    public ReadOnlySpan<FileRegistration> AsSpan() => CollectionsMarshal.AsSpan(_ordered);

    /// <summary>A registration by its number; safe without the lock for a file that holds it.</summary>
    public FileRegistration this[int number] => Volatile.Read(ref _byNumber)[number];

    /// <summary>Registers a handler and links its FLBs, all or nothing (reference H-01, G-01).</summary>
    /// <exception cref="LiveUpdateException">EEXIST, ENOSPC, as the reference orders them.</exception>
    public void Register(FileHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        CallbackScope.ThrowIfActive("register handler");
        Lock.EnterExclusive();
        try
        {
            if (_ordered.Exists(other => other.Handler.Compatible == handler.Compatible))
            {
                Refusal.Throw(
                    LiveUpdateError.Exists, "register handler", "A handler with this compatible string is registered.", handler: handler.Compatible);
            }

            var registration = new FileRegistration(handler, _numbers);
            try
            {
                foreach (Flb flb in handler.DependsOn)
                    LinkUnsynchronized(registration, flb);
            }
            catch
            {
                UnlinkAllUnsynchronized(registration);
                throw;
            }

            if (_numbers == _byNumber.Length)
            {
                FileRegistration[] grown = _byNumber;
                Array.Resize(ref grown, Math.Max(4, _numbers * 2));
                Volatile.Write(ref _byNumber, grown);
            }

            _byNumber[_numbers++] = registration;
            _ordered.Add(registration);
        }
        finally
        {
            Lock.ExitExclusive();
        }
    }

    /// <summary>
    /// Unregisters a handler (reference H-06). One that files hold takes no more and leaves with its last file; until then a file that it
    /// would be chosen for is refused with ENOENT (F-04).
    /// </summary>
    /// <returns>False if it is not registered, or is going already.</returns>
    public bool Unregister(FileHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        CallbackScope.ThrowIfActive("unregister handler");
        Lock.EnterExclusive();
        try
        {
            if (FindUnsynchronized(handler) is not { IsGoingAway: false } registration)
                return false;
            foreach (FlbRegistration flb in registration.Links)
                flb.LinksGoingAway++;
            if (registration.BeginLeaving())
                RetireUnsynchronized(registration);
            return true;
        }
        finally
        {
            Lock.ExitExclusive();
        }
    }

    /// <summary>Takes a handler that is going away out, after its last file left.</summary>
    public void Retire(FileRegistration registration)
    {
        Lock.EnterExclusive();
        try
        {
            if (registration.LiveFiles == 0)
                RetireUnsynchronized(registration);
        }
        finally
        {
            Lock.ExitExclusive();
        }
    }

    /// <summary>Makes every later file of a handler depend on an FLB (reference G-01).</summary>
    /// <exception cref="LiveUpdateException">
    /// EINVAL: the handler is not registered. EEXIST: linked already. EBUSY: files hold it (G-04). ENOSPC; EEXIST: another FLB has the name.
    /// </exception>
    public void Link(FileHandler handler, Flb flb)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(flb);
        CallbackScope.ThrowIfActive("register FLB");
        Lock.EnterExclusive();
        try
        {
            if (FindUnsynchronized(handler) is not { } registration)
                throw Refusal.Create(LiveUpdateError.InvalidArgument, "register FLB", "The handler is not registered.", handler: handler.Compatible);
            LinkUnsynchronized(registration, flb);
        }
        finally
        {
            Lock.ExitExclusive();
        }
    }

    /// <summary>Undoes <see cref="Link"/> (reference G-06).</summary>
    /// <returns>False if there is no such link.</returns>
    /// <exception cref="LiveUpdateException">EBUSY: files hold the handler (G-05).</exception>
    public bool Unlink(FileHandler handler, Flb flb)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(flb);
        CallbackScope.ThrowIfActive("unregister FLB");
        Lock.EnterExclusive();
        try
        {
            FileRegistration? registration = FindUnsynchronized(handler);
            FlbRegistration? link = registration?.Links.FirstOrDefault(link => ReferenceEquals(link.Flb, flb));
            if (registration is null || link is null)
                return false;
            if (registration.LiveFiles != 0)
                throw InUse("unregister FLB", registration);
            registration.Links = [.. registration.Links.Where(other => other != link)];
            flbs.Unlink(link);
            return true;
        }
        finally
        {
            Lock.ExitExclusive();
        }
    }

    /// <summary>
    /// The handler for a compatible field of the image: the one of exactly that string, else one that retrieves from it; null for none.
    /// Needs the lock shared.
    /// </summary>
    public FileRegistration? Match(in CompatibleField field, out string compatible)
    {
        foreach (FileRegistration registration in _ordered)
        {
            if (registration.Field == field)
            {
                compatible = registration.Handler.Compatible;
                return registration;
            }
        }

        foreach (FileRegistration registration in _ordered)
        {
            int older = Array.IndexOf(registration.OlderFields, field);
            if (older >= 0)
            {
                compatible = registration.Handler.RetrievesFrom[older];
                return registration;
            }
        }

        compatible = "";
        return null;
    }

    private static LiveUpdateException InUse(string operation, FileRegistration registration) => Refusal.Create(
        LiveUpdateError.Busy,
        operation,
        $"{registration.LiveFiles} files hold the handler; their FLB counts would no longer add up.",
        handler: registration.Handler.Compatible);

    private FileRegistration? FindUnsynchronized(FileHandler handler) =>
        _ordered.Find(registration => ReferenceEquals(registration.Handler, handler));

    private void LinkUnsynchronized(FileRegistration registration, Flb flb)
    {
        if (registration.Links.Any(link => ReferenceEquals(link.Flb, flb)))
        {
            throw Refusal.Create(
                LiveUpdateError.Exists, "register FLB", $"The handler depends on \"{flb.Compatible}\" already.", handler: registration.Handler.Compatible);
        }

        if (registration.LiveFiles != 0)
            throw InUse("register FLB", registration);
        registration.Links = [.. registration.Links, flbs.Link(flb, registration.Handler.Compatible)];
    }

    private void RetireUnsynchronized(FileRegistration registration)
    {
        if (!_ordered.Remove(registration))
            return;
        foreach (FlbRegistration flb in registration.Links)
            flb.LinksGoingAway--;
        UnlinkAllUnsynchronized(registration);
    }

    private void UnlinkAllUnsynchronized(FileRegistration registration)
    {
        foreach (FlbRegistration link in registration.Links)
            flbs.Unlink(link);
        registration.Links = [];
    }
}
