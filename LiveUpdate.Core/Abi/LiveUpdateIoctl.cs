namespace LiveUpdate.Abi;

/// <summary>The requests of the control device and of session descriptors (reference 3.1).</summary>
/// <remarks>Each is an ioctl without direction and size: the type 0xBA in bits 8 to 15 and a number in bits 0 to 7.</remarks>
public static class LiveUpdateIoctl
{
    /// <summary>The type of every request.</summary>
    public const byte Type = 0xBA;

    /// <summary>The bit where the type begins in a request.</summary>
    public const int TypeShift = 8;

    /// <summary>The name of the control device.</summary>
    public const string DeviceName = "liveupdate";

    /// <summary>Where the control device usually is.</summary>
    public const string DevicePath = "/dev/" + DeviceName;

    /// <summary>The text before a session's name in the display name of its descriptor (reference U-22).</summary>
    public const string SessionDisplayPrefix = "[luo_session] ";

    /// <summary>The number of <see cref="CreateSession"/>, the first of the control device.</summary>
    public const byte CreateSessionNumber = 0x00;

    /// <summary>The number of <see cref="RetrieveSession"/>, the last of the control device.</summary>
    public const byte RetrieveSessionNumber = 0x01;

    /// <summary>The number of <see cref="PreserveFd"/>, the first of a session.</summary>
    public const byte PreserveFdNumber = 0x40;

    /// <summary>The number of <see cref="RetrieveFd"/>.</summary>
    public const byte RetrieveFdNumber = 0x41;

    /// <summary>The number of <see cref="Finish"/>.</summary>
    public const byte FinishNumber = 0x42;

    /// <summary>The number of <see cref="GetName"/>, the last of a session.</summary>
    public const byte GetNameNumber = 0x43;

    /// <summary>Control device: makes an outgoing session. Argument <see cref="SessionNameArgs"/>.</summary>
    public const uint CreateSession = ((uint)Type << TypeShift) | CreateSessionNumber;

    /// <summary>Control device: takes over an incoming session. Argument <see cref="SessionNameArgs"/>.</summary>
    public const uint RetrieveSession = ((uint)Type << TypeShift) | RetrieveSessionNumber;

    /// <summary>Outgoing session: preserves a file. Argument <see cref="PreserveFdArgs"/>.</summary>
    public const uint PreserveFd = ((uint)Type << TypeShift) | PreserveFdNumber;

    /// <summary>Incoming session: retrieves a file. Argument <see cref="RetrieveFdArgs"/>.</summary>
    public const uint RetrieveFd = ((uint)Type << TypeShift) | RetrieveFdNumber;

    /// <summary>Incoming session: ends its work. Argument <see cref="FinishArgs"/>.</summary>
    public const uint Finish = ((uint)Type << TypeShift) | FinishNumber;

    /// <summary>Any session: its name. Argument <see cref="GetNameArgs"/>.</summary>
    public const uint GetName = ((uint)Type << TypeShift) | GetNameNumber;
}
