using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate;

/// <summary>
/// What the caller of a retrieve-session holds: a claim on one record of the incoming list (reference 4.3).
/// </summary>
/// <remarks>The record stays with the orchestrator; a claim that is disposed unfinished leaves it as listed, for another to claim.</remarks>
internal sealed class IncomingSession(IncomingRecord record, SessionEnvironment environment, IncomingSessionList list) : Session(record.Name)
{
    private bool _closed;

    /// <inheritdoc/>
    public override bool IsIncoming => true;

    /// <inheritdoc/>
    public override IReadOnlyList<SessionFile> GetFiles()
    {
        using GenerationGate.Pass pass = environment.Gate.Enter("list files", Name);
        lock (record.Lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            return record.ListFiles();
        }
    }

    /// <inheritdoc/>
    public override void Preserve(Token token, object file)
    {
        ArgumentNullException.ThrowIfNull(file);
        CallbackScope.ThrowIfActive("preserve");
        Refusal.Throw(
            LiveUpdateError.InvalidArgument, "preserve", "An incoming session takes no such request (reference U-04).", Name, token.Value);
    }

    /// <inheritdoc/>
    public override void Preserve(Token token, object file, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Preserve(token, file);
    }

    /// <inheritdoc/>
    public override bool TryRetrieve<T>(Token token, [NotNullWhen(true)] out T? file)
        where T : class
    {
        using GenerationGate.Pass pass = environment.Gate.Enter("retrieve", Name);
        lock (record.Lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            file = record.Files.Contains(token.Value) ? (T)GiveOut(token, typeof(T)) : null;
            return file is not null;
        }
    }

    /// <inheritdoc/>
    public override void Finish()
    {
        using GenerationGate.Pass pass = environment.Gate.Enter("finish", Name);
        lock (record.Lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            record.Finish();
        }
    }

    /// <inheritdoc/>
    public override void Close()
    {
        if (Volatile.Read(ref _closed))
            return;
        using GenerationGate.Pass pass = environment.Gate.Enter("close", Name);
        lock (record.Lock)
        {
            if (_closed)
                return;
            Volatile.Write(ref _closed, true);
            try
            {
                record.Finish();
            }
            catch (LiveUpdateException)
            {
                record.Unclaim();
                throw;
            }
        }

        list.Remove(record);
    }

    /// <inheritdoc/>
    internal override void CheckUsable(string operation)
    {
        using GenerationGate.Pass pass = environment.Gate.Enter(operation, Name);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed), this);
    }

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing)
    {
        if (Volatile.Read(ref _closed) || environment.Gate.IsOver || !environment.Gate.TryEnter("dispose", out GenerationGate.Pass pass))
            return;
        using (pass)
        {
            bool finished;
            lock (record.Lock)
            {
                if (_closed)
                    return;
                Volatile.Write(ref _closed, true);
                finished = record.IsFinished;
            }

            if (finished)
                list.Remove(record);
            else
                record.Unclaim();
        }
    }

    /// <inheritdoc/>
    private protected override object RetrieveAs(Token token, Type type)
    {
        using GenerationGate.Pass pass = environment.Gate.Enter("retrieve", Name);
        lock (record.Lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            return GiveOut(token, type);
        }
    }

    private object GiveOut(Token token, Type type)
    {
        object file = record.Files.Retrieve(token.Value);
        if (!PreservedObject.CanBe(file, type))
            throw new InvalidCastException($"The file {token} of session \"{Name}\" is a {file.GetType()}, not a {type}.");
        return PreservedObject.GiveOut(file, type);
    }
}
