using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <summary>
/// The orchestrator of one generation, behind the façade and the request dispatcher (reference 4.1, 4.2).
/// </summary>
/// <remarks>
/// <para>Life: <see cref="Prepare"/> and <see cref="Read"/> register handlers and parse what was handed over, and write nothing; <see cref="Deserialize"/> and <see cref="Verify"/> look at it
/// before the commit where both generations live together; <see cref="Activate"/> takes the memory over and sets up the outgoing side; a
/// hand-over freezes and ends it. A failure before <see cref="Activate"/> leaves the memory to the generation before.</para>
/// <para>Lock order, outer first (reference C-01): freeze gate -> session -> session list -> registration -> FLB -> preserved memory, id set and
/// descriptor slots. The gate is shared by every operation and closed by the hand-over; the session's lock is held during callbacks; the lists'
/// locks are held for moments and never during a callback; registration is shared during the choice of a handler and the FLB work of files.</para>
/// </remarks>
internal sealed partial class LiveUpdateEngine : IDisposable
{
    private readonly EngineOptions _options;
    private readonly CleanupErrors _errors;
    private readonly FileNames _names;
    private readonly Lock _openLock = new();
    private readonly PageOwner _rootOwner = new("LUO root");
    private IncomingImage? _image;
    private PhysicalAddress _root;
    private PhysicalAddress _flbPage;
    private PhysicalAddress _core;
    private Exception? _openFailure;
    private IReadOnlyList<string>? _unreadable;
    private bool _deserialized;
    private bool _verified;
    private bool _isOpen;
    private bool _ownsMemory;

    private LiveUpdateEngine(KexecHandover memory, EngineOptions options, bool ownsMemory)
    {
        (Memory, _options, _ownsMemory) = (memory, options, ownsMemory);
        _errors = new CleanupErrors(error => EngineLog.CleanupFailed(options.Logger, error.Operation ?? "callback", error.Message));
        Flbs = new FlbRegistry(memory, _errors);
        Handlers = new HandlerRegistry(Flbs);
        Descriptors = new DescriptorSlots(memory);
        _names = new FileNames(memory);
        var files = new FileEnvironment
        {
            Memory = memory,
            Errors = _errors,
            Flbs = Flbs,
            Handlers = Handlers,
            Ids = new FileIdSet(),
            Descriptors = Descriptors,
            Names = _names,
        };
        Sessions = new SessionEnvironment { Files = files, Gate = Gate, Finished = SessionFinished };
        Outgoing = new OutgoingSessionList(memory);
        Incoming = new IncomingSessionList(Sessions);
    }

    public KexecHandover Memory { get; }

    public GenerationGate Gate { get; } = new();

    public FlbRegistry Flbs { get; }

    public HandlerRegistry Handlers { get; }

    public DescriptorSlots Descriptors { get; }

    /// <summary>What carries the descriptors across a kernel; null where they travel from process to process.</summary>
    public CarriedSessions? Carried { get; private set; }

    /// <summary>The carrier itself.</summary>
    public DescriptorCarrier? Carrier { get; private set; }

    public SessionEnvironment Sessions { get; }

    public OutgoingSessionList Outgoing { get; }

    public IncomingSessionList Incoming { get; }

    /// <summary>The options it was booted with.</summary>
    public EngineOptions Options => _options;

    /// <summary>The number of the hand-over that brought this generation; 0 after a cold start.</summary>
    public ulong Number => _image?.Number ?? 0;

    /// <summary>Whether anything was handed over.</summary>
    public bool HasIncoming => _image is not null;

    /// <summary>What was handed over; null after a cold start.</summary>
    public IncomingImage? Image => _image;

    /// <summary>The library's own record of the hand-over that brought this generation.</summary>
    public LuoCoreSer? IncomingCore => _image?.Core;

    /// <summary>What callbacks threw that cannot refuse, oldest first.</summary>
    public IReadOnlyList<LiveUpdateException> CleanupErrors => _errors.ToList();

    /// <summary>Registers the handlers and parses what was handed over; writes nothing into the memory.</summary>
    /// <param name="memory">Where it may lie.</param>
    /// <param name="options">How to boot.</param>
    /// <param name="ownsMemory">Whether the memory is disposed with this engine, also if this throws.</param>
    /// <exception cref="LiveUpdateImageException">The image is damaged.</exception>
    /// <exception cref="LiveUpdateException">A handler is refused.</exception>
    public static LiveUpdateEngine Attach(KhoMemory memory, EngineOptions options, bool ownsMemory = false)
    {
        LiveUpdateEngine engine = Prepare(memory, options, ownsMemory);
        try
        {
            engine.Read();
            return engine;
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    /// <summary>Registers the handlers, without looking into the memory, which may still change.</summary>
    /// <inheritdoc cref="Attach"/>
    public static LiveUpdateEngine Prepare(KhoMemory memory, EngineOptions options, bool ownsMemory)
    {
        KexecHandover? handover = null;
        try
        {
            handover = KexecHandover.Prepare(memory);
            var engine = new LiveUpdateEngine(handover, options, ownsMemory);
            if (options.IsEnabled)
            {
                foreach (FileHandler handler in options.Handlers)
                    engine.Handlers.Register(handler);
            }

            return engine;
        }
        catch
        {
            handover?.Dispose();
            if (ownsMemory)
                memory.Dispose();
            throw;
        }
    }

    /// <summary>Parses what was handed over, once; writes nothing into the memory.</summary>
    /// <exception cref="LiveUpdateImageException">The image is damaged.</exception>
    public void Read()
    {
        Memory.Read();
        if (!_options.IsEnabled || IncomingImage.Read(Memory) is not { } image)
            return;
        Flbs.Load(image.Flbs);
        _names.Load(image.Names);
        _image = image;
    }

    /// <summary>Has descriptors travel in sessions of a carrier; before <see cref="Activate"/>.</summary>
    /// <param name="carrier">Owned by the engine from here on.</param>
    public void UseCarrier(DescriptorCarrier carrier)
    {
        Carrier = carrier;
        Carried = new CarriedSessions(Memory, carrier);
        Sessions.Files.Carried = Carried;
        Descriptors.Carried = Carried;
    }

    /// <summary>
    /// Reads sessions and files of the image, once; its first error is remembered for ever (reference O-21, R-00).
    /// </summary>
    /// <exception cref="LiveUpdateException">EIO, with the first error inside.</exception>
    public void Deserialize()
    {
        lock (_openLock)
            DeserializeUnsynchronized();
    }

    /// <summary>Runs the checks of every FLB and file before the commit; changes nothing.</summary>
    /// <exception cref="LiveUpdateException">A callback refused.</exception>
    public void Verify()
    {
        lock (_openLock)
        {
            try
            {
                VerifyUnsynchronized();
            }
            catch (LiveUpdateException exception)
            {
                _openFailure = exception;
                Incoming.Abandon();
                throw;
            }
        }
    }

    /// <summary>
    /// Takes the memory over, releases what only the parse needed, and sets up the outgoing side (reference O-06, O-07).
    /// </summary>
    /// <exception cref="LiveUpdateException">ENOMEM: the memory cannot hold an empty outgoing side; never after a hand-over, which had one.</exception>
    public void Activate()
    {
        Memory.Activate();
        if (!_options.IsEnabled)
            return;
        _image?.Release(Memory);
        _names.Restore();
        if (_deserialized)
        {
            _image?.Sessions?.Dispose();
            Incoming.Restore();
        }

        _root = Memory.AllocatePreserved(LuoAbi.PageSize, _rootOwner);
        _flbPage = Memory.AllocatePreserved(LuoAbi.PageSize, _rootOwner);
        _core = Memory.AllocatePreserved(LuoAbi.PageSize, _rootOwner);
        Carried?.Reserve();
        FlbPage.WriteHeader(Memory.GetSpan(_flbPage, LuoAbi.PageSize), 0);
        LuoRootSerializer.Write(Memory.GetSpan(_root, LuoAbi.PageSize), new LuoRoot(Number + 1, PhysicalAddress.None, _flbPage));
        Memory.AddSubtree(LuoAbi.SubtreeName, _root, LuoAbi.RootSize);
        Memory.AddSubtree(LuoCoreSer.SubtreeName, _core, LuoCoreSer.Size);
        LiveGenerations.Add(this);
    }

    /// <summary>Opens the control device (reference O-20 to O-22, O-25).</summary>
    /// <exception cref="LiveUpdateException">
    /// EOPNOTSUPP: switched off. ESHUTDOWN: handed over. EBUSY: it is open. EIO: what was handed over cannot be read, now or earlier.
    /// </exception>
    public ManagedDevice OpenDevice()
    {
        CallbackScope.ThrowIfActive("open device");
        if (!_options.IsEnabled)
            throw Refusal.Create(LiveUpdateError.NotSupported, "open device", "Live update is switched off (reference O-01).");
        using GenerationGate.Pass pass = Gate.Enter("open device");
        lock (_openLock)
        {
            if (_isOpen)
                throw Refusal.Create(LiveUpdateError.Busy, "open device", "The device has one opener at a time.");
            DeserializeUnsynchronized();
            _isOpen = true;
            return new ManagedDevice(this);
        }
    }

    /// <summary>Lets the next opener in.</summary>
    public void CloseDevice()
    {
        lock (_openLock)
            _isOpen = false;
    }

    /// <summary>
    /// Closes every outgoing session and lets the memory go; after a hand-over only the latter. Waits for operations, and for a hand-over, under
    /// way; what comes later throws.
    /// </summary>
    public void Dispose()
    {
        if (Gate.IsDisposed || !Gate.TryCloseForDisposal())
            return;
        try
        {
            if (!Gate.IsOver && Memory.IsActive)
            {
                Outgoing.Dispose();
                if (Carried?.Unfinished is { Count: > 0 } names)
                    EngineLog.CarriedDropped(_options.Logger, names.Count, string.Join(", ", names));
            }

            Incoming.Abandon();
            Descriptors.ReleaseIncoming();
            Descriptors.ReleaseOutgoing();
            Carried?.Dispose();
            LiveGenerations.Remove(this);
            Memory.Dispose();
            if (_ownsMemory)
                Memory.Memory.Dispose();
        }
        finally
        {
            Gate.Open();
        }
    }

    /// <summary>
    /// Makes the next generation the owner of the memory, if this one is: before <see cref="End"/>, since whoever waits to dispose this one
    /// goes on then.
    /// </summary>
    public void GiveMemoryTo(LiveUpdateEngine next) => (next._ownsMemory, _ownsMemory) = (_ownsMemory, false);

    private void DeserializeUnsynchronized()
    {
        if (!_deserialized)
        {
            _deserialized = true;
            try
            {
                DeserializeOnce();
                // Where the generations do not live together nobody could verify before the commit.
                if (IncomingCore is { Target: LuoCoreTarget.Exec or LuoCoreTarget.ServiceManager or LuoCoreTarget.Kernel } && Memory.IsActive && !_verified)
                    VerifyUnsynchronized();
            }
            catch (Exception exception)
            {
                _openFailure = exception;
                Incoming.Abandon();
                EngineLog.DeserializationFailed(_options.Logger, exception);
            }
        }

        if (_openFailure is { } failure)
        {
            // The one who looks for a bad image finds it directly inside; which file it was is said by the refusal around it.
            var refusal = failure as LiveUpdateException;
            throw Refusal.Create(
                LiveUpdateError.InputOutput,
                "open device",
                $"What the previous generation handed over cannot be read: {failure.Message}",
                refusal?.Session,
                refusal?.Token?.Value,
                refusal?.Handler,
                refusal?.InnerException as LiveUpdateImageException ?? failure);
        }
    }

    private void DeserializeOnce()
    {
        if (_image?.Sessions is not { } blocks)
            return;
        Handlers.Lock.EnterShared();
        try
        {
            int oddities = Incoming.Load(blocks);
            if (oddities != 0)
                EngineLog.ImageOddities(_options.Logger, oddities);
        }
        catch
        {
            _unreadable = IncomingSessionList.ReadNames(blocks);
            throw;
        }
        finally
        {
            Handlers.Lock.ExitShared();
            if (Memory.IsActive)
                blocks.Dispose();
        }
    }

    // What no handler claimed when the last session is finished would stay open for the life of the process.
    private void SessionFinished(IncomingRecord record, int unclaimed, IReadOnlyList<SessionFile> first)
    {
        if (unclaimed > 0)
            EngineLog.FilesDropped(_options.Logger, record.Name.ToString(), unclaimed, string.Join(", ", first));
        FinishCarried(record.Name);
        if (Incoming.UnfinishedNames.Count > 0)
            return;
        int closed = Descriptors.ReleaseIncoming();
        if (closed > 0)
            EngineLog.DescriptorsDropped(_options.Logger, closed);
    }

    private void FinishCarried(SessionName name)
    {
        try
        {
            Carried?.Finish(name);
        }
        catch (LiveUpdateException exception)
        {
            _errors.Add(Refusal.Create(exception.Error, "finish", exception.Reason, name.ToString()));
        }
    }

    private void VerifyUnsynchronized()
    {
        foreach (FlbRegistration flb in Flbs.Linked)
            flb.Incoming.Verify();
        Incoming.Verify();
        _verified = true;
    }
}
