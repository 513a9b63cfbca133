using LiveUpdate.Abi;
using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>
/// The FLBs of one orchestrator: the global list in order of first registration, and the records of the image (reference G-01, A-41).
/// </summary>
/// <remarks>Registration and the walk over the list need the registration lock of the caller: exclusive for the first, shared for the second.</remarks>
internal sealed class FlbRegistry(KexecHandover memory, CleanupErrors errors)
{
    private readonly Lock _lock = new();
    private readonly List<FlbRegistration> _linked = [];
    private readonly Dictionary<Flb, FlbRegistration> _known = new(ReferenceEqualityComparer.Instance);
    private Dictionary<string, (ulong Data, ulong Files)>? _image;

    /// <summary>The FLBs that at least one handler depends on, in order of their first registration.</summary>
    public IReadOnlyList<FlbRegistration> Linked => _linked;

    /// <summary>Takes the FLB page of the image, once; without it nothing was handed over.</summary>
    public void Load(Dictionary<string, (ulong Data, ulong Files)> image)
    {
        lock (_lock)
        {
            _image = image;
            foreach (FlbRegistration registration in _known.Values)
                LoadUnsynchronized(registration);
        }
    }

    /// <summary>The state of an FLB, which need not be linked to a handler (reference G-30).</summary>
    public FlbRegistration Get(Flb flb)
    {
        lock (_lock)
        {
            if (_known.TryGetValue(flb, out FlbRegistration? registration))
                return registration;
            registration = new FlbRegistration(flb, memory, errors);
            LoadUnsynchronized(registration);
            _known.Add(flb, registration);
            return registration;
        }
    }

    /// <summary>Notes one more handler that depends on an FLB.</summary>
    /// <exception cref="LiveUpdateException">ENOSPC: 63 FLBs are known; EEXIST: another FLB has the name (in this order, reference G-01).</exception>
    public FlbRegistration Link(Flb flb, string handler)
    {
        FlbRegistration registration = Get(flb);
        if (registration.Links == 0)
        {
            if (_linked.Count == LuoAbi.MaxFlbs)
            {
                throw Refusal.Create(
                    LiveUpdateError.NoSpace, "register FLB", $"{LuoAbi.MaxFlbs} FLBs are registered, as many as the FLB page holds.", handler: handler);
            }

            if (_linked.Exists(other => other.Flb.Compatible == flb.Compatible))
            {
                throw Refusal.Create(
                    LiveUpdateError.Exists, "register FLB", $"Another FLB has the name \"{flb.Compatible}\".", handler: handler);
            }

            _linked.Add(registration);
        }

        registration.Links++;
        return registration;
    }

    /// <summary>Notes one handler less; the last one takes the FLB out of the global list (reference G-06).</summary>
    public void Unlink(FlbRegistration registration)
    {
        if (--registration.Links == 0)
            _linked.Remove(registration);
    }

    private void LoadUnsynchronized(FlbRegistration registration)
    {
        if (_image is not null)
            registration.Incoming.Load(_image.TryGetValue(registration.Flb.Compatible, out (ulong, ulong) record) ? record : null);
    }
}
