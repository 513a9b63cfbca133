using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <content>The operations on files: real memfds and other descriptors.</content>
internal sealed partial class ScenarioMachine
{
    private const int ReadLimit = 256;
    private const string LinkedFile = "/dev/shm/linked-file";

    private string ExecuteOnFile(string[] words) => words switch
    {
        ["dup", var slot, var old] => Duplicate(slot, old),
        ["memfd", var slot, var size] => MakeMemfd(slot, CNumber.ParseSigned(size)),
        ["other", var slot, var kind] => MakeOther(slot, kind),
        ["write", var slot, var offset, var text] => OnFile(slot, file => NativeFile.Write(file, text, CNumber.ParseSigned(offset))),
        ["truncate", var slot, var size] => OnFile(slot, file => NativeFile.Truncate(file, CNumber.ParseSigned(size))),
        ["fallocate", var slot, var mode, var offset, var length] => OnFile(
            slot, file => NativeFile.Allocate(file, (int)CNumber.ParseSigned(mode), CNumber.ParseSigned(offset), CNumber.ParseSigned(length))),
        ["seek", var slot, var offset] => OnFile(slot, file => NativeFile.Seek(file, CNumber.ParseSigned(offset))),
        ["seal", var slot, var mask] => OnFile(slot, file => NativeFile.AddSeals(file, (int)CNumber.ParseSigned(mask))),
        ["read", var slot, var offset, var length] => Read(slot, CNumber.ParseSigned(offset), CNumber.ParseUnsigned(length)),
        ["stat", var slot] => Status(slot),
        ["same", var first, var second] => Same(first, second),
        _ => " => ?",
    };

    private static string Escape(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (byte value in bytes)
        {
            if (value is > (byte)' ' and < 0x7F)
                text.Append((char)value);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\{value:x2}");
        }

        return text.ToString();
    }

    private SafeFileHandle? FileAt(string slot) =>
        _dispatcher.TryGetFile(Slot(slot), out object? file) ? file as SafeFileHandle : null;

    private string OnFile(string slot, Func<SafeFileHandle, LiveUpdateError> operation) =>
        Result(FileAt(slot) is { } file ? operation(file) : LiveUpdateError.BadDescriptor);

    private string Duplicate(string slot, string old)
    {
        int duplicate = -1;
        LiveUpdateError error;
        if (FileAt(old) is { } file)
        {
            error = NativeFile.Duplicate(file, out SafeFileHandle? copy);
            if (copy is not null)
                error = Install(copy, out duplicate);
        }
        else
        {
            error = _dispatcher.Duplicate(Slot(old), out duplicate);
        }

        _slots[slot] = duplicate;
        return Result(error);
    }

    private string MakeMemfd(string slot, long size)
    {
        _slots[slot] = -1;
        LiveUpdateError error = NativeFile.CreateMemfd(slot, out SafeFileHandle? file);
        if (file is not null && (error = Install(file, out int descriptor)) == LiveUpdateError.None)
        {
            error = NativeFile.Truncate(file, size);
            if (error == LiveUpdateError.None)
                _slots[slot] = descriptor;
        }

        return Result(error);
    }

    private string MakeOther(string slot, string kind)
    {
        _slots[slot] = -1;
        LiveUpdateError error = NativeFile.OpenOther(kind, LinkedFile, out SafeFileHandle? file, out SafeFileHandle? second);
        if (file is not null && (error = Install(file, out int descriptor)) == LiveUpdateError.None)
        {
            _slots[slot] = descriptor;
            if (second is not null)
                error = Install(second, out _);
        }

        return Result(error);
    }

    private LiveUpdateError Install(SafeFileHandle file, out int descriptor)
    {
        LiveUpdateError error = _dispatcher.Install(file, out descriptor);
        if (error != LiveUpdateError.None)
            file.Dispose();
        return error;
    }

    private string Read(string slot, long offset, ulong length)
    {
        if (FileAt(slot) is not { } file)
            return Result(LiveUpdateError.BadDescriptor);
        byte[] data = new byte[Math.Min(length, ReadLimit)];
        LiveUpdateError error = NativeFile.Read(file, data, offset, out int count);
        return error == LiveUpdateError.None ? $" => {count} {Escape(data.AsSpan(0, count))}" : Result(error);
    }

    private string Status(string slot) => FileAt(slot) is { } file
        ? $" => 0 size={RandomAccess.GetLength(file)} pos={NativeFile.Position(file)} seals={NativeFile.Seals(file)} " +
            $"cloexec={NativeFile.CloseOnExec(file)}"
        : Result(LiveUpdateError.BadDescriptor);

    private string Same(string first, string second)
    {
        if (FileAt(first) is not { } left || FileAt(second) is not { } right)
            return Result(LiveUpdateError.BadDescriptor);
        return NativeFile.IsSame(left, right) ? " => yes" : " => no";
    }
}
