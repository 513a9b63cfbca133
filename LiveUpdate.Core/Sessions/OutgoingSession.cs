using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate;

/// <summary>An outgoing session of the managed device: active, frozen, gone (reference 4.3).</summary>
/// <remarks>Its lock nests inside the freeze gate and outside the list's lock, and is held during the callbacks of its files (C-08).</remarks>
internal sealed class OutgoingSession : Session
{
    private readonly SessionEnvironment _environment;
    private readonly OutgoingSessionList _list;
    private readonly Lock _lock = new();
    private Dictionary<ulong, (int Slot, string Text)>? _names;
    private bool _closed;

    public OutgoingSession(SessionName name, SessionEnvironment environment, OutgoingSessionList list)
        : base(name)
    {
        (_environment, _list) = (environment, list);
        Files = new OutgoingFileSet(environment.Files, list.FileBlocks, Name) { SessionName = name };
    }

    /// <inheritdoc/>
    public override bool IsIncoming => false;

    /// <summary>The files; the freeze, which holds the gate closed, needs no other lock.</summary>
    public OutgoingFileSet Files { get; }

    /// <summary>Where the files' first block lies, after a freeze.</summary>
    public PhysicalAddress FilesAddress { get; set; }

    /// <summary>Its place in the list; null once it has left.</summary>
    public LinkedListNode<OutgoingSession>? Node { get; set; }

    /// <inheritdoc/>
    public override IReadOnlyList<SessionFile> GetFiles()
    {
        using GenerationGate.Pass pass = _environment.Gate.Enter("list files", Name);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            var files = new SessionFile[Files.Count];
            for (int i = 0; i < files.Length; i++)
                files[i] = Describe(i);
            return files;
        }
    }

    /// <summary>A file by its number, for the watchdog of a freeze, which passes no gate; null if there is none by now.</summary>
    public SessionFile? FindFile(int number)
    {
        lock (_lock)
            return number < Files.Count ? Describe(number) : null;
    }

    /// <inheritdoc/>
    public override void Preserve(Token token, object file)
    {
        ArgumentNullException.ThrowIfNull(file);
        using GenerationGate.Pass pass = _environment.Gate.Enter("preserve", Name);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            Files.Preserve(token.Value, file);
        }
    }

    /// <inheritdoc/>
    public override void Preserve(Token token, object file, string name)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(name);
        using GenerationGate.Pass pass = _environment.Gate.Enter("preserve", Name);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            // The name first: nothing that can fail comes after the file.
            int slot = _environment.Files.Names.Add(SessionName, token.Value, name);
            try
            {
                _names ??= [];
                _names.EnsureCapacity(_names.Count + 1);
                Files.Preserve(token.Value, file);
            }
            catch
            {
                _environment.Files.Names.Remove(slot);
                throw;
            }

            _names.Add(token.Value, (slot, name));
        }
    }

    /// <inheritdoc/>
    public override bool TryRetrieve<T>(Token token, [NotNullWhen(true)] out T? file)
        where T : class => throw WrongKind("retrieve", token);

    /// <inheritdoc/>
    public override void Finish() => throw WrongKind("finish", null);

    /// <inheritdoc/>
    public override void Close()
    {
        if (Volatile.Read(ref _closed))
            return;
        using GenerationGate.Pass pass = _environment.Gate.Enter("close", Name);
        Unpreserve();
    }

    /// <summary>Unpreserves the files and takes the session out of the list, once. Needs the freeze gate, shared or closed.</summary>
    public void Unpreserve()
    {
        lock (_lock)
        {
            if (_closed)
                return;
            Files.UnpreserveAll();
            foreach ((int slot, _) in _names?.Values ?? Enumerable.Empty<(int, string)>())
                _environment.Files.Names.Remove(slot);
            _names = null;
            Volatile.Write(ref _closed, true);
        }

        _list.Remove(this);
    }

    /// <inheritdoc/>
    internal override void CheckUsable(string operation)
    {
        using GenerationGate.Pass pass = _environment.Gate.Enter(operation, Name);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed), this);
    }

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing)
    {
        if (Volatile.Read(ref _closed) || _environment.Gate.IsOver || !_environment.Gate.TryEnter("dispose", out GenerationGate.Pass pass))
            return;
        using (pass)
            Unpreserve();
    }

    /// <inheritdoc/>
    private protected override object RetrieveAs(Token token, Type type) => throw WrongKind("retrieve", token);

    private SessionFile Describe(int number)
    {
        ref readonly FileEntry entry = ref Files[number];
        string handler = _environment.Files.Handlers[entry.Handler].Handler.Compatible;
        return new SessionFile(entry.Token, handler, new DataHandle(entry.Data), FileStatus.Listed)
        {
            Name = _names is not null && _names.TryGetValue(entry.Token, out (int, string Text) name) ? name.Text : null,
        };
    }

    private LiveUpdateException WrongKind(string operation, Token? token)
    {
        CallbackScope.ThrowIfActive(operation);
        return Refusal.Create(
            LiveUpdateError.InvalidArgument, operation, "An outgoing session takes no such request (reference U-04).", Name, token?.Value);
    }
}
