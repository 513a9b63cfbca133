using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using MessagePack;

namespace LiveUpdate;

/// <summary>Hands over the state of any .NET object as MessagePack in preserved memory. Works on every system.</summary>
/// <typeparam name="T">The type of state.</typeparam>
/// <remarks>
/// <para>Life of a file:</para>
/// <list type="number">
/// <item>Preserve: the state is written once to nowhere, to learn its size, and room for twice as much is reserved (<see
/// cref="ReserveBytes"/>). The program must not change the state meanwhile.</item>
/// <item>Freeze: the state is written into that room. One that has outgrown it fails the hand-over with ENOSPC and everything is as before;
/// the remedy is to end the session and preserve again, or a larger <see cref="ReserveBytes"/>.</item>
/// <item>Verify, in the next generation and before the commit: the bytes are checked and the state is read, as untrusted data. A failure
/// refuses the hand-over.</item>
/// <item>Retrieve: gives that state out and frees the memory. A failed one, and Finish of a state that nobody retrieved, free it
/// too.</item>
/// </list>
/// <para>The formatter's version travels along: a later version of the program reads what an earlier one wrote, never the other way
/// round.</para>
/// <para>Safe for threads. One handler may serve several orchestrators.</para>
/// </remarks>
public class StateHandler<T> : FileHandler<T>
    where T : class
{
    private readonly IStateFormatter<T> _formatter;
    private readonly ConditionalWeakTable<KexecHandover, StateMemory> _memories = [];
    private readonly long? _reserveBytes;

    /// <summary>Makes a handler.</summary>
    /// <param name="compatible">The compatible string, 1 to 47 bytes of UTF-8, e.g. <c>vm-state-v1</c>.</param>
    /// <param name="formatter">Writes and reads the state.</param>
    /// <exception cref="ArgumentNullException"><paramref name="formatter"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The string is empty, too long or holds a NUL, or the formatter's version is negative.
    /// </exception>
    public StateHandler(string compatible, IStateFormatter<T> formatter)
        : base(compatible)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        if (formatter.Version < 0)
            throw new ArgumentException($"The version of a formatter is 0 or more, not {formatter.Version}.", nameof(formatter));
        _formatter = formatter;
    }

    /// <summary>
    /// The room in bytes that is reserved for each file, rounded up to whole pages; null, the default, for twice the size at preserve. With
    /// a number the state is not measured at preserve.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public long? ReserveBytes
    {
        get => _reserveBytes;
        init
        {
            if (value is { } bytes)
                ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes, nameof(ReserveBytes));
            _reserveBytes = value;
        }
    }

    /// <summary>Reserves the room.</summary>
    /// <inheritdoc/>
    /// <exception cref="LiveUpdateException">Preserved memory has no room (ENOMEM).</exception>
    protected sealed override void Preserve(ref PreserveContext<T> context)
    {
        (long bytes, int largestSpan) = ReserveBytes is { } fixedBytes ? (fixedBytes, 0) : Double(Measure(context.File));
        StateMemory shared = _memories.GetValue(context.Memory, _ => new StateMemory(Compatible));
        var file = new StateFile(context.Memory, shared, bytes, largestSpan);
        context.State = file;
        context.Data = new DataHandle(file.Header);
    }

    /// <summary>Gives the room back.</summary>
    /// <inheritdoc/>
    protected sealed override void Unpreserve(in FileContext<T> context) => FileOf(context.State).Dispose();

    /// <summary>Writes the state into the room.</summary>
    /// <inheritdoc/>
    /// <exception cref="LiveUpdateException">ENOSPC: the state has outgrown the room.</exception>
    protected sealed override void Freeze(ref FreezeContext<T> context)
    {
        StateFile file = FileOf(context.State);
        file.Writer.Reset();
        try
        {
            var writer = new MessagePackWriter(file.Writer);
            _formatter.Serialize(ref writer, context.File);
            writer.Flush();
        }
        catch (Exception exception) when (file.Writer.HasOverflowed)
        {
            throw Outgrown(context.File, file, exception);
        }

        if (file.Writer.Written == 0)
            throw new InvalidOperationException($"{_formatter.GetType()} wrote nothing.");
        file.Seal(_formatter.Version);
    }

    /// <summary>Checks the bytes, reads the state and keeps it for Retrieve.</summary>
    /// <inheritdoc/>
    /// <exception cref="LiveUpdateImageException">The bytes are damaged, or the formatter cannot read them.</exception>
    protected sealed override void Verify(in VerifyContext context) =>
        context.Keep(Read(context.Memory, context.Data.Address));

    /// <summary>Gives the state out and frees the memory.</summary>
    /// <inheritdoc/>
    /// <exception cref="LiveUpdateImageException">The bytes are damaged, or the formatter cannot read them.</exception>
    protected sealed override T Retrieve(ref RetrieveContext context)
    {
        StateImage image = StateImage.Open(context.Memory, context.Data.Address);
        try
        {
            return context.Kept as T ?? Read(image);
        }
        finally
        {
            image.Release();
        }
    }

    /// <summary>Frees the memory of a state that nobody tried to retrieve.</summary>
    /// <inheritdoc/>
    protected sealed override void Finish(in FinishContext<T> context)
    {
        if (context.Status == FileStatus.Listed)
            StateImage.Open(context.Memory, context.Data.Address).Release();
    }

    /// <summary>Checks the bytes behind a header, and reads the state.</summary>
    /// <exception cref="LiveUpdateImageException">The bytes are damaged, or the formatter cannot read them.</exception>
    internal T Read(KexecHandover memory, PhysicalAddress header) => Read(StateImage.Open(memory, header));

    private delegate void SerializeCallback(ref MessagePackWriter writer, T value);

    private delegate T DeserializeCallback(ref MessagePackReader reader, int version);

    internal override void Compile()
    {
        base.Compile();
        RuntimeHelpers.PrepareDelegate(new SerializeCallback(_formatter.Serialize));
        RuntimeHelpers.PrepareDelegate(new DeserializeCallback(_formatter.Deserialize));
    }

    private static StateFile FileOf(object? state) => Unsafe.As<StateFile>(state!);

    private static (long Bytes, int LargestSpan) Double((long Bytes, int LargestSpan) measured) =>
        (Math.Max(LuoAbi.PageSize, checked(measured.Bytes * 2)), measured.LargestSpan);

    private (long Bytes, int LargestSpan) Measure(T value)
    {
        using var buffer = new MeasuringBufferWriter();
        var writer = new MessagePackWriter(buffer);
        _formatter.Serialize(ref writer, value);
        writer.Flush();
        return (buffer.Written, buffer.LargestSpan);
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The size is only for the message.")]
    private LiveUpdateException Outgrown(T value, StateFile file, Exception cause)
    {
        string needed = $"more than {file.Writer.Written} bytes";
        try
        {
            (long bytes, int largestSpan) = Measure(value);
            needed = bytes > file.Capacity ? $"{bytes} bytes" : $"{bytes} bytes and a span of {largestSpan} bytes to write them";
        }
        catch (Exception)
        {
        }

        return new LiveUpdateException(
            LiveUpdateError.NoSpace,
            $"The state needs {needed}, and {file.Capacity} bytes were reserved when it was preserved; see {nameof(ReserveBytes)}.",
            cause);
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever it is, the state is unreadable.")]
    private T Read(StateImage image)
    {
        if (image.StateVersion < 0 || image.StateVersion > _formatter.Version)
            throw image.UnknownVersion(_formatter.Version);

        var reader = new MessagePackReader(image.Read());
        T value;
        try
        {
            value = _formatter.Deserialize(ref reader, image.StateVersion);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw image.Unreadable(
                $"version {image.StateVersion} of {typeof(T)}", $"what its formatter does not read: {exception.Message}", exception);
        }

        if (value is null)
            throw image.Unreadable(typeof(T).ToString(), "null");
        if (!reader.End)
            throw image.Unreadable($"the end of the state after {reader.Consumed} bytes", "more bytes");
        return value;
    }
}
