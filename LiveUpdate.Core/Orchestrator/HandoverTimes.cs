using LiveUpdate.Abi;

namespace LiveUpdate;

/// <summary>The time stamps and figures of one hand-over, taken without an allocation and turned into a report after the pause.</summary>
/// <remarks>Time stamps are those of <see cref="System.Diagnostics.Stopwatch"/>, which on Linux is the monotonic clock in nanoseconds.</remarks>
internal struct HandoverTimes
{
    public long Started;
    public long Frozen;
    public long Serialized;
    public long HandedOver;
    public long Sessions;
    public long Files;
    public long Descriptors;
    public long Bytes;
    public LuoCoreTarget Target;
}
