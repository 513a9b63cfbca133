using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using LiveUpdate.Abi;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>
/// The process that runs one stage: slots that name descriptors, and the operations on them. What the live update answers, it asks the
/// dispatcher; what a file answers, it asks the system.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed partial class ScenarioMachine : IDisposable
{
    private const int RawArgumentSize = 128;
    private const uint RequestType = (uint)LiveUpdateIoctl.Type << LiveUpdateIoctl.TypeShift;

    /// <summary>Standard input, output and error, the scenario file and the kernel's log: open in the process that recorded the traces.</summary>
    private const int DescriptorsAtStart = 5;

    private readonly UapiDispatcher _dispatcher;
    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);

    public ScenarioMachine(LiveUpdateOrchestrator orchestrator)
    {
        _dispatcher = new UapiDispatcher(orchestrator.OpenDevice);
        for (int i = 0; i < DescriptorsAtStart; i++)
            _dispatcher.Install(new object(), out _);
    }

    /// <summary>Runs one operation; returns what the trace has behind it.</summary>
    public string Execute(string[] words) => words switch
    {
        ["scenario", ..] => "",
        ["open", var device] => Open(device),
        ["create", var device, var session, var name] => Name(LiveUpdateIoctl.CreateSession, device, session, name),
        ["retrieve_session", var device, var session, var name] => Name(LiveUpdateIoctl.RetrieveSession, device, session, name),
        ["preserve", var session, var file, var token] => Preserve(session, file, token),
        ["retrieve", var session, var file, var token] => Retrieve(session, file, token),
        ["finish", var session] => Finish(session, 0),
        ["finish", var session, var reserved] => Finish(session, CNumber.ParseDecimal(reserved)),
        ["get_name", var session] => GetName(session),
        ["ioctl", var slot, var number, var size, var fill] => Raw(slot, number, size, fill),
        ["close", var slot] => Close(slot),
        ["nofile", var limit] => Limit(limit),
        _ => ExecuteOnFile(words),
    };

    /// <summary>Closes every descriptor, as the end of the process does.</summary>
    public void Dispose() => _dispatcher.CloseAll();

    private static string Result(LiveUpdateError error) => error == LiveUpdateError.None ? " => 0" : $" => -{error.ToErrnoName()}";

    private static Bytes64 ToNameField(string text)
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

    private int Slot(string slot) => _slots.GetValueOrDefault(slot, -1);

    private string Open(string slot)
    {
        LiveUpdateError error = _dispatcher.Open(out int descriptor);
        if (error == LiveUpdateError.None)
            _slots[slot] = descriptor;
        return Result(error);
    }

    private LiveUpdateError Request<T>(string slot, uint request, ref T args)
        where T : unmanaged
    {
        byte[] bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in args)).ToArray();
        LiveUpdateError error = _dispatcher.Ioctl(Slot(slot), request, bytes);
        args = MemoryMarshal.Read<T>(bytes);
        return error;
    }

    private string Name(uint request, string device, string session, string name)
    {
        var args = new SessionNameArgs { Size = (uint)Marshal.SizeOf<SessionNameArgs>(), Name = ToNameField(name) };
        LiveUpdateError error = Request(device, request, ref args);
        if (error == LiveUpdateError.None)
            _slots[session] = args.Fd;
        return Result(error);
    }

    private string Preserve(string session, string file, string token)
    {
        var args = new PreserveFdArgs { Size = (uint)Marshal.SizeOf<PreserveFdArgs>(), Fd = Slot(file), Token = CNumber.ParseUnsigned(token) };
        return Result(Request(session, LiveUpdateIoctl.PreserveFd, ref args));
    }

    private string Retrieve(string session, string file, string token)
    {
        var args = new RetrieveFdArgs { Size = (uint)Marshal.SizeOf<RetrieveFdArgs>(), Fd = -1, Token = CNumber.ParseUnsigned(token) };
        LiveUpdateError error = Request(session, LiveUpdateIoctl.RetrieveFd, ref args);
        if (error == LiveUpdateError.None)
            _slots[file] = args.Fd;
        return Result(error);
    }

    private string Finish(string session, int reserved)
    {
        var args = new FinishArgs { Size = (uint)Marshal.SizeOf<FinishArgs>(), Reserved = (uint)reserved };
        return Result(Request(session, LiveUpdateIoctl.Finish, ref args));
    }

    private string GetName(string session)
    {
        var args = new GetNameArgs { Size = (uint)Marshal.SizeOf<GetNameArgs>() };
        LiveUpdateError error = Request(session, LiveUpdateIoctl.GetName, ref args);
        ReadOnlySpan<byte> name = args.Name;
        return error == LiveUpdateError.None ? $" => 0 {Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)])}" : Result(error);
    }

    private string Raw(string slot, string number, string size, string fill)
    {
        byte[] argument = new byte[RawArgumentSize];
        argument.AsSpan().Fill((byte)CNumber.ParseSigned(fill));
        BinaryPrimitives.WriteUInt32LittleEndian(argument, (uint)CNumber.ParseUnsigned(size));
        return Result(_dispatcher.Ioctl(Slot(slot), RequestType | (uint)CNumber.ParseUnsigned(number), argument));
    }

    private string Close(string slot)
    {
        int descriptor = Slot(slot);
        _slots[slot] = -1;
        return Result(_dispatcher.Close(descriptor));
    }

    private string Limit(string limit)
    {
        _dispatcher.DescriptorLimit = (int)Math.Min(CNumber.ParseUnsigned(limit), int.MaxValue);
        return Result(LiveUpdateError.None);
    }
}
