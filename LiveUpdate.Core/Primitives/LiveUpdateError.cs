namespace LiveUpdate;

/// <summary>
/// Why an operation was refused: the errno that Linux answers in the same case (reference 3.4), with a name.
/// </summary>
/// <remarks>The numeric value is the errno of Linux on x86-64, without sign. A callback may refuse with a number that has no name here.</remarks>
public enum LiveUpdateError
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>EPERM: not permitted.</summary>
    NotPermitted = 1,

    /// <summary>ENOENT: no such session, token or record, or no handler takes the file.</summary>
    NotFound = 2,

    /// <summary>EINTR: a signal came in between; never reaches a caller of the library.</summary>
    Interrupted = 4,

    /// <summary>EIO: the hand-over cannot be read, or a callback failed without an errno of its own.</summary>
    InputOutput = 5,

    /// <summary>E2BIG: a request has non-zero bytes beyond what is known, or an allocation is above the largest order.</summary>
    TooBig = 7,

    /// <summary>ENOEXEC: a file that is no program of this system.</summary>
    NotAProgram = 8,

    /// <summary>EBADF: not an open descriptor.</summary>
    BadDescriptor = 9,

    /// <summary>EAGAIN: not possible now.</summary>
    TryAgain = 11,

    /// <summary>ENOMEM: memory, or preserved memory, ran out.</summary>
    OutOfMemory = 12,

    /// <summary>EACCES: permission denied.</summary>
    AccessDenied = 13,

    /// <summary>EFAULT: the memory of a request cannot be read or written.</summary>
    BadAddress = 14,

    /// <summary>EBUSY: already open, already preserved, or a callback refuses.</summary>
    Busy = 16,

    /// <summary>EEXIST: the name or token is in use.</summary>
    Exists = 17,

    /// <summary>ENODEV: the owner of a handler or FLB is going away, or there is no device.</summary>
    NoDevice = 19,

    /// <summary>EINVAL: not valid here.</summary>
    InvalidArgument = 22,

    /// <summary>ENFILE: the system's table of open files is full.</summary>
    TooManyFilesInSystem = 23,

    /// <summary>EMFILE: the table of descriptors is full.</summary>
    TooManyFiles = 24,

    /// <summary>ENOTTY: the request is not one of this kind of descriptor.</summary>
    NotATypewriter = 25,

    /// <summary>EFBIG: the file is above the limit.</summary>
    FileTooLarge = 27,

    /// <summary>ENOSPC: a limit of the format is reached (reference 4.13), or reserved room is too small.</summary>
    NoSpace = 28,

    /// <summary>EPIPE: the process at the other end is gone.</summary>
    BrokenPipe = 32,

    /// <summary>ERANGE: a number does not fit its field.</summary>
    OutOfRange = 34,

    /// <summary>ENODATA: nothing was handed over, or it has been finished.</summary>
    NoData = 61,

    /// <summary>ETIME: a deadline of a callback passed.</summary>
    TimerExpired = 62,

    /// <summary>EPROTO: the process at the other end does not keep to the protocol.</summary>
    Protocol = 71,

    /// <summary>EOPNOTSUPP: switched off, or not supported.</summary>
    NotSupported = 95,

    /// <summary>EADDRINUSE: another agent listens there.</summary>
    AddressInUse = 98,

    /// <summary>ECONNRESET: the agent at the other end is gone, and kept nothing.</summary>
    ConnectionReset = 104,

    /// <summary>ESHUTDOWN: this generation has been handed over.</summary>
    Shutdown = 108,

    /// <summary>ETIMEDOUT: the time given for a phase ran out.</summary>
    TimedOut = 110,

    /// <summary>EDQUOT: a limit that the agent sets this user is reached.</summary>
    QuotaExceeded = 122,

    /// <summary>ECANCELED: called off by the caller before the commit.</summary>
    Canceled = 125,
}
