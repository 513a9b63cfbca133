using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>Slots whose descriptors are numbers of a table, as a process has one.</summary>
[SupportedOSPlatform("linux")]
internal sealed class SlotTable(UapiDispatcher table)
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

    /// <summary>The number in a slot; -1 for none.</summary>
    public int this[string slot]
    {
        get => _numbers.GetValueOrDefault(slot, -1);
        set => _numbers[slot] = value;
    }

    /// <summary>Closes a descriptor.</summary>
    public LiveUpdateError Close(string slot)
    {
        int number = this[slot];
        this[slot] = -1;
        return table.Close(number);
    }

    /// <summary>Limits the number of descriptors.</summary>
    public LiveUpdateError Limit(ulong limit)
    {
        table.DescriptorLimit = (int)Math.Min(limit, int.MaxValue);
        return LiveUpdateError.None;
    }

    /// <summary>Gives an open file a number, and a slot the number.</summary>
    /// <param name="slot">The slot; null for none.</param>
    /// <param name="file">Disposed if no number is free; null empties the slot.</param>
    public LiveUpdateError Assign(string? slot, IDisposable? file)
    {
        int number = -1;
        LiveUpdateError error = file is null ? LiveUpdateError.None : table.Install(file, out number);
        if (error != LiveUpdateError.None)
            file!.Dispose();
        if (slot is not null)
            this[slot] = error == LiveUpdateError.None ? number : -1;
        return error;
    }

    /// <summary>Duplicates a descriptor; one of a file is the system's, so that the file's own state is shared.</summary>
    /// <param name="slot">The slot for the duplicate.</param>
    /// <param name="old">The slot of the descriptor.</param>
    /// <param name="file">The file behind it; null for a device or a session.</param>
    /// <param name="wrap">What the table holds of a file.</param>
    public LiveUpdateError Duplicate(string slot, string old, SafeFileHandle? file, Func<SafeFileHandle, IDisposable> wrap)
    {
        if (file is not null)
        {
            LiveUpdateError error = NativeFile.Duplicate(file, out SafeFileHandle? copy);
            LiveUpdateError assigned = Assign(slot, copy is null ? null : wrap(copy));
            return copy is null ? error : assigned;
        }

        LiveUpdateError answer = table.Duplicate(this[old], out int duplicate);
        this[slot] = answer == LiveUpdateError.None ? duplicate : -1;
        return answer;
    }
}
