using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using LiveUpdate.Abi;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>
/// The process that runs one stage: slots that name descriptors, and the operations on them. What the live update answers is asked of a
/// device; what a file answers, of the system.
/// </summary>
[SupportedOSPlatform("linux")]
internal abstract class ScenarioMachine : IDisposable
{
    /// <summary>The type of every request, in its place.</summary>
    protected const uint RequestType = (uint)LiveUpdateIoctl.Type << LiveUpdateIoctl.TypeShift;

    /// <summary>How many bytes a raw request has for its argument.</summary>
    protected const int RawArgumentSize = 128;

    /// <summary>Standard input, output and error, the scenario file and the kernel's log: open in the process that recorded the traces.</summary>
    protected const int DescriptorsAtStart = 5;

    private const int ReadLimit = 256;
    private const string LinkedFile = "/dev/shm/linked-file";

    /// <summary>Runs one operation; returns what the trace has behind it.</summary>
    public string Execute(string[] words) => words switch
    {
        ["scenario", ..] => "",
        ["open", var device] => Result(Open(device)),
        ["create", var device, var session, var name] => Result(Name(LiveUpdateIoctl.CreateSession, device, session, name)),
        ["retrieve_session", var device, var session, var name] => Result(Name(LiveUpdateIoctl.RetrieveSession, device, session, name)),
        ["preserve", var session, var file, var token] => Result(Preserve(session, file, CNumber.ParseUnsigned(token))),
        ["retrieve", var session, var file, var token] => Result(Retrieve(session, file, CNumber.ParseUnsigned(token))),
        ["finish", var session] => Result(Finish(session, 0)),
        ["finish", var session, var reserved] => Result(Finish(session, (uint)CNumber.ParseDecimal(reserved))),
        ["get_name", var session] => ShowName(session),
        ["ioctl", var slot, var number, var size, var fill] => Result(Raw(slot, number, size, fill)),
        ["close", var slot] => Result(Close(slot)),
        ["nofile", var limit] => Result(Limit(CNumber.ParseUnsigned(limit))),
        ["dup", var slot, var old] => Result(Duplicate(slot, old)),
        ["memfd", var slot, var size] => Result(MakeMemfd(slot, CNumber.ParseSigned(size))),
        ["other", var slot, var kind] => Result(MakeOther(slot, kind)),
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

    /// <summary>Closes every descriptor, as the end of the process does.</summary>
    public abstract void Dispose();

    /// <summary>Opens the device.</summary>
    protected abstract LiveUpdateError Open(string slot);

    /// <summary>Makes or retrieves a session.</summary>
    protected abstract LiveUpdateError Name(uint request, string device, string session, string name);

    /// <summary>Preserves a file.</summary>
    protected abstract LiveUpdateError Preserve(string session, string file, ulong token);

    /// <summary>Retrieves a file.</summary>
    protected abstract LiveUpdateError Retrieve(string session, string file, ulong token);

    /// <summary>Finishes a session.</summary>
    protected virtual LiveUpdateError Finish(string session, uint reserved)
    {
        var args = new FinishArgs { Size = (uint)Marshal.SizeOf<FinishArgs>(), Reserved = reserved };
        return Request(session, LiveUpdateIoctl.Finish, ref args);
    }

    /// <summary>Asks for a session's name.</summary>
    private LiveUpdateError GetName(string session, out Bytes64 name)
    {
        var args = new GetNameArgs { Size = (uint)Marshal.SizeOf<GetNameArgs>() };
        LiveUpdateError error = Request(session, LiveUpdateIoctl.GetName, ref args);
        name = args.Name;
        return error;
    }

    /// <summary>Sends any request.</summary>
    protected abstract LiveUpdateError Request(string slot, uint request, byte[] argument);

    /// <summary>Closes a descriptor.</summary>
    protected abstract LiveUpdateError Close(string slot);

    /// <summary>Limits the number of descriptors.</summary>
    protected abstract LiveUpdateError Limit(ulong limit);

    /// <summary>Duplicates a descriptor of any kind.</summary>
    protected abstract LiveUpdateError Duplicate(string slot, string old);

    /// <summary>The file behind a slot; null if it is none of the operations on files.</summary>
    protected abstract SafeFileHandle? FileAt(string slot);

    /// <summary>Gives a file a descriptor, and a slot the descriptor; null empties the slot.</summary>
    protected abstract LiveUpdateError Assign(string? slot, SafeFileHandle? file);

    /// <summary>Sends a request with its struct, which then has the answer.</summary>
    protected LiveUpdateError Request<T>(string slot, uint request, ref T args)
        where T : unmanaged
    {
        byte[] bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in args)).ToArray();
        LiveUpdateError error = Request(slot, request, bytes);
        args = MemoryMarshal.Read<T>(bytes);
        return error;
    }

    /// <summary>What the field for a name holds (EMPTY, FULL and LONG are notations of the scenarios).</summary>
    protected static Bytes64 ToNameField(string text)
    {
        Bytes64 field = default;
        Span<byte> bytes = field;
        if (text == "EMPTY")
            return field;
        if (text == "FULL")
            bytes.Fill((byte)'X');
        else if (text.StartsWith("LONG:", StringComparison.Ordinal))
            bytes[..SessionName.MaxLength].Fill((byte)text[5]);
        else
            Encoding.UTF8.GetBytes(text).AsSpan(0, Math.Min(bytes.Length, Encoding.UTF8.GetByteCount(text))).CopyTo(bytes);
        return field;
    }

    private static string Result(LiveUpdateError error) => error == LiveUpdateError.None ? " => 0" : $" => -{error.ToErrnoName()}";

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

    private string OnFile(string slot, Func<SafeFileHandle, LiveUpdateError> operation) =>
        Result(FileAt(slot) is { } file ? operation(file) : LiveUpdateError.BadDescriptor);

    private string ShowName(string session)
    {
        LiveUpdateError error = GetName(session, out Bytes64 field);
        ReadOnlySpan<byte> name = field;
        return error == LiveUpdateError.None ? $" => 0 {Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)])}" : Result(error);
    }

    private LiveUpdateError Raw(string slot, string number, string size, string fill)
    {
        byte[] argument = new byte[RawArgumentSize];
        argument.AsSpan().Fill((byte)CNumber.ParseSigned(fill));
        BinaryPrimitives.WriteUInt32LittleEndian(argument, (uint)CNumber.ParseUnsigned(size));
        return Request(slot, RequestType | (uint)CNumber.ParseUnsigned(number), argument);
    }

    private LiveUpdateError MakeMemfd(string slot, long size)
    {
        Assign(slot, null);
        LiveUpdateError error = NativeFile.CreateMemfd(slot, out SafeFileHandle? file);
        if (file is not null && (error = NativeFile.Truncate(file, size)) == LiveUpdateError.None)
            return Assign(slot, file);
        file?.Dispose();
        return error;
    }

    private LiveUpdateError MakeOther(string slot, string kind)
    {
        Assign(slot, null);
        LiveUpdateError error = NativeFile.OpenOther(kind, LinkedFile, out SafeFileHandle? file, out SafeFileHandle? second);
        if (file is not null && (error = Assign(slot, file)) == LiveUpdateError.None && second is not null)
            error = Assign(null, second);
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
