using System.Globalization;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>Writes and reads the root record, KHO entry <c>LUO</c> (reference 2.2).</summary>
/// <remarks>Nothing is allocated but exceptions. Safe for threads as far as the spans are not shared.</remarks>
public static class LuoRootSerializer
{
    private const string Structure = "LUO root";

    /// <summary>Writes the record.</summary>
    /// <param name="destination">Where to, at least 32 bytes; those beyond are not changed.</param>
    /// <param name="root">What to write.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than the record.</exception>
    public static void Write(Span<byte> destination, in LuoRoot root)
    {
        Require.AtLeast(destination.Length, LuoAbi.RootSize, nameof(destination));
        var record = new LuoSer
        {
            LiveUpdateNumber = root.LiveUpdateNumber,
            SessionsAddress = root.Sessions.Value,
            FlbsAddress = root.Flbs.Value,
        };
        FixedString.Write(record.Compatible, LuoAbi.CompatibleUtf8);
        MemoryMarshal.Write(destination, in record);
    }

    /// <summary>Changes the address of the session blocks: cleared when a freeze begins, set when it succeeds (reference A-13).</summary>
    /// <param name="record">A written record, at least 32 bytes.</param>
    /// <param name="sessions">The first session block, or <see cref="PhysicalAddress.None"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="record"/> is shorter than the record.</exception>
    public static void WriteSessions(Span<byte> record, PhysicalAddress sessions)
    {
        Require.AtLeast(record.Length, LuoAbi.RootSize, nameof(record));
        MemoryMarshal.AsRef<LuoSer>(record).SessionsAddress = sessions.Value;
    }

    /// <summary>Reads and checks the record. A larger blob, and any bytes after the compatible string's NUL, are accepted.</summary>
    /// <param name="blob">The blob, of the size that KHO gives.</param>
    /// <param name="address">Where the blob lies, for a message.</param>
    /// <returns>A copy. The addresses in it are not checked.</returns>
    /// <exception cref="LiveUpdateImageException">
    /// EINVAL: the blob is below 32 bytes; then: its compatible string is not <c>luo-v5</c> (reference A-11).
    /// </exception>
    public static LuoRoot Read(ReadOnlySpan<byte> blob, PhysicalAddress address = default)
    {
        if (blob.Length < LuoAbi.RootSize)
        {
            throw new LiveUpdateImageException(
                LiveUpdateError.InvalidArgument,
                Structure,
                address,
                offset: 0,
                expected: "at least 32 bytes",
                found: blob.Length.ToString(CultureInfo.InvariantCulture));
        }

        var record = MemoryMarshal.Read<LuoSer>(blob);
        if (!FixedString.Matches(record.Compatible, LuoAbi.CompatibleUtf8))
        {
            throw new LiveUpdateImageException(
                LiveUpdateError.InvalidArgument,
                Structure,
                address,
                offset: 0,
                expected: $"\"{LuoAbi.Compatible}\"",
                found: FixedString.Quote(record.Compatible));
        }

        return new LuoRoot(
            record.LiveUpdateNumber, new PhysicalAddress(record.SessionsAddress), new PhysicalAddress(record.FlbsAddress));
    }
}
