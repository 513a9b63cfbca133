using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Fuzzing.Running;

/// <summary>
/// The input that is being read, in two files: when it ends or stops the process, another one finds it there. It lies between guard pages,
/// flush against the one behind it or the one before it.
/// </summary>
internal sealed class RunningInput : IDisposable
{
    private const string InputName = "input";
    private const string StateName = "state";

    private readonly GuardedRegion _input;
    private readonly GuardedRegion _state;

    private RunningInput(string folder, int capacity)
    {
        _input = Map(Path.Combine(folder, InputName), capacity);
        _state = Map(Path.Combine(folder, StateName), LuoAbi.PageSize);
    }

    /// <summary>Makes the files in a folder.</summary>
    public static RunningInput Create(string folder, int capacity) =>
        new(folder, (capacity + LuoAbi.PageSize) & -LuoAbi.PageSize);

    /// <summary>Reads what another process runs, or ran last.</summary>
    public static (RunningState State, byte[] Input) Find(string folder)
    {
        byte[] state = ReadFile(folder, StateName);
        if (state.Length == 0)
            return default;
        RunningState found = MemoryMarshal.Read<RunningState>(state);
        byte[] input = ReadFile(folder, InputName);
        return (found, input[found.Start..(found.Start + found.Length)]);
    }

    /// <summary>Reads how far another process is.</summary>
    public static RunningState FindState(string folder)
    {
        byte[] state = ReadFile(folder, StateName);
        return state.Length == 0 ? default : MemoryMarshal.Read<RunningState>(state);
    }

    /// <summary>Notes which target runs now.</summary>
    public void Begin(int target) => State = new RunningState { Target = target };

    /// <summary>Puts an input into place.</summary>
    /// <param name="bytes">What it is.</param>
    /// <param name="minLength">Zeros are added up to this length.</param>
    /// <param name="atStart">Whether nothing may be read before it, rather than behind it.</param>
    public Memory<byte> Place(ReadOnlySpan<byte> bytes, int minLength, bool atStart)
    {
        int length = Math.Max(bytes.Length, minLength);
        int start = atStart ? 0 : _input.Memory.Length - length;
        Memory<byte> place = _input.Memory.Slice(start, length);
        bytes.CopyTo(place.Span);
        place.Span[bytes.Length..].Clear();
        ref RunningState state = ref State;
        (state.Number, state.Start, state.Length) = (state.Number + 1, start, length);
        return place;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ((IDisposable)_input).Dispose();
        ((IDisposable)_state).Dispose();
    }

    private ref RunningState State => ref Unsafe.As<byte, RunningState>(ref MemoryMarshal.GetReference(_state.GetSpan()));

    private static GuardedRegion Map(string path, int length)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.SetLength(length);
        return new GuardedRegion(file.SafeFileHandle, length);
    }

    private static byte[] ReadFile(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return File.Exists(path) ? File.ReadAllBytes(path) : [];
    }
}
