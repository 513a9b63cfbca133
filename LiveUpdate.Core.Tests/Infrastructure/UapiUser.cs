using System.Buffers.Binary;
using System.Text;
using LiveUpdate.Abi;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>A process that talks to the dispatcher: builds the structs, reads the answers.</summary>
internal sealed class UapiUser
{
    public const int NameSize = 72;
    public const int FdSize = 16;
    public const int FinishSize = 8;

    private const byte Filler = 0xEE;
    private const int FdOffset = 4;
    private const int NameOffset = 8;

    /// <summary>A process whose first descriptor is the control device.</summary>
    public UapiUser(Generation generation)
    {
        Dispatcher = new UapiDispatcher(generation.Luo.OpenDevice);
        Assert.That(Dispatcher.Open(out int device), Is.EqualTo(LiveUpdateError.None));
        Device = device;
    }

    public UapiDispatcher Dispatcher { get; }

    public int Device { get; }

    /// <summary>Whether answers cannot be copied back.</summary>
    public bool CannotWrite { get; set; }

    /// <summary>A create or retrieve session, or a get name: 72 bytes with a size, and a name of any bytes.</summary>
    public static byte[] NameStruct(ReadOnlySpan<byte> name, uint size = NameSize)
    {
        byte[] bytes = new byte[Math.Max(NameSize, size)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, size);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(FdOffset), 0xFFFF_FFFF);
        name.CopyTo(bytes.AsSpan(NameOffset));
        return bytes;
    }

    /// <summary>A preserve or retrieve: 16 bytes.</summary>
    public static byte[] FdStruct(int descriptor, ulong token)
    {
        byte[] bytes = new byte[FdSize];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, FdSize);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(FdOffset), descriptor);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(NameOffset), token);
        return bytes;
    }

    /// <summary>A finish: 8 bytes.</summary>
    public static byte[] FinishStruct(uint reserved = 0, uint size = FinishSize)
    {
        byte[] bytes = new byte[FinishSize];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, size);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(FdOffset), reserved);
        return bytes;
    }

    /// <summary>The descriptor in an answer.</summary>
    public static int Descriptor(byte[] answer) => BinaryPrimitives.ReadInt32LittleEndian(answer.AsSpan(FdOffset));

    /// <summary>A request on a struct that is the answer afterwards.</summary>
    public LiveUpdateError Ioctl(int descriptor, uint request, byte[] argument) =>
        Dispatcher.Ioctl(descriptor, request, new TestMemory(argument) { CannotWrite = CannotWrite });

    /// <summary>C(n); a refusal leaves the struct as it was (U-11).</summary>
    public LiveUpdateError Create(string name, out int session) =>
        Open(LiveUpdateIoctl.CreateSession, Encoding.UTF8.GetBytes(name), out session);

    /// <summary>C(n) with a name of any bytes.</summary>
    public LiveUpdateError Create(byte[] name, out int session) => Open(LiveUpdateIoctl.CreateSession, name, out session);

    /// <summary>R(n).</summary>
    public LiveUpdateError RetrieveSession(string name, out int session) =>
        Open(LiveUpdateIoctl.RetrieveSession, Encoding.UTF8.GetBytes(name), out session);

    /// <summary>R(n) with a name of any bytes.</summary>
    public LiveUpdateError RetrieveSession(byte[] name, out int session) => Open(LiveUpdateIoctl.RetrieveSession, name, out session);

    /// <summary>C(n) that must succeed.</summary>
    public int Create(string name)
    {
        Assert.That(Create(name, out int session), Is.EqualTo(LiveUpdateError.None));
        return session;
    }

    /// <summary>R(n) that must succeed.</summary>
    public int RetrieveSession(string name)
    {
        Assert.That(RetrieveSession(name, out int session), Is.EqualTo(LiveUpdateError.None));
        return session;
    }

    /// <summary>A number for a file.</summary>
    public int Install(object file)
    {
        Assert.That(Dispatcher.Install(file, out int descriptor), Is.EqualTo(LiveUpdateError.None));
        return descriptor;
    }

    /// <summary>P(s,f,t).</summary>
    public LiveUpdateError Preserve(int session, int file, ulong token) =>
        Ioctl(session, LiveUpdateIoctl.PreserveFd, FdStruct(file, token));

    /// <summary>G(s,t).</summary>
    public LiveUpdateError Retrieve(int session, ulong token, out int file)
    {
        byte[] bytes = FdStruct(-1, token);
        byte[] before = [.. bytes];
        LiveUpdateError error = Ioctl(session, LiveUpdateIoctl.RetrieveFd, bytes);
        if (error != LiveUpdateError.None)
            Assert.That(bytes, Is.EqualTo(before));
        file = Descriptor(bytes);
        return error;
    }

    /// <summary>FIN(s).</summary>
    public LiveUpdateError Finish(int session, uint reserved = 0) => Ioctl(session, LiveUpdateIoctl.Finish, FinishStruct(reserved));

    /// <summary>N(s), into a buffer that is filled before: the 64 bytes of the name as they come back.</summary>
    public LiveUpdateError GetName(int session, out byte[] name, uint reserved = 0)
    {
        byte[] bytes = NameStruct(Enumerable.Repeat(Filler, LuoAbi.SessionNameLength).ToArray());
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(FdOffset), reserved);
        LiveUpdateError error = Ioctl(session, LiveUpdateIoctl.GetName, bytes);
        name = bytes[NameOffset..];
        return error;
    }

    /// <summary>X(s).</summary>
    public LiveUpdateError Close(int descriptor) => Dispatcher.Close(descriptor);

    private LiveUpdateError Open(uint request, byte[] name, out int session)
    {
        byte[] bytes = NameStruct(name);
        byte[] before = [.. bytes];
        LiveUpdateError error = Ioctl(Device, request, bytes);
        if (error != LiveUpdateError.None)
            Assert.That(bytes, Is.EqualTo(before));
        session = Descriptor(bytes);
        return error;
    }
}
