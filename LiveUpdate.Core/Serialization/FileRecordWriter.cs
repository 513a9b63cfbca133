using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LiveUpdate.Abi;

namespace LiveUpdate.Serialization;

/// <summary>Writes the entries of many files of one handler at once, as fast as memory takes them (reference 2.4).</summary>
/// <remarks>Nothing is allocated. Safe for threads as far as the spans are not shared.</remarks>
public static class FileRecordWriter
{
    /// <summary>Writes one entry of 64 bytes for each element: the compatible string, the data handle, the token.</summary>
    /// <param name="destination">Where to: at least 64 bytes for each record. It may not overlap <paramref name="records"/>.</param>
    /// <param name="compatible">The 48 bytes of the compatible string, as <see cref="CompatibleField.Bytes"/> has them.</param>
    /// <param name="records">What to write, in order.</param>
    /// <returns>The bytes written.</returns>
    /// <exception cref="ArgumentException">
    /// <paramref name="compatible"/> has not 48 bytes, or <paramref name="destination"/> is too short.
    /// </exception>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> compatible, ReadOnlySpan<FileRecordData> records)
    {
        if (compatible.Length != LuoAbi.CompatibleLength)
            throw new ArgumentException($"A compatible field has 48 bytes, not {compatible.Length}.", nameof(compatible));
        if (records.Length > destination.Length / LuoAbi.FileSize)
        {
            throw new ArgumentException(
                $"The span has {destination.Length} bytes and {(long)records.Length * LuoAbi.FileSize} are needed.", nameof(destination));
        }

        ref byte to = ref MemoryMarshal.GetReference(destination);
        ref byte from = ref Unsafe.As<FileRecordData, byte>(ref MemoryMarshal.GetReference(records));
        if (Vector256.IsHardwareAccelerated)
            Write256(ref to, compatible, ref from, (nuint)records.Length);
        else
            Write128(ref to, compatible, ref from, (nuint)records.Length);

        return records.Length * LuoAbi.FileSize;
    }

    // In both the caller has checked that 64 bytes a record lie at "to", 16 at "from" and 48 in "compatible". 512 bits gain nothing.
    internal static void Write256(ref byte to, ReadOnlySpan<byte> compatible, ref byte from, nuint count)
    {
        Vector256<byte> first = Vector256.Create(compatible[..32]);
        Vector128<byte> second = Vector128.Create(compatible[32..]);
        for (nuint i = 0; i < count; i++)
        {
            Vector128<byte> data = Vector128.LoadUnsafe(ref from, i * 16);
            first.StoreUnsafe(ref to, i * LuoAbi.FileSize);
            Vector256.Create(second, data).StoreUnsafe(ref to, (i * LuoAbi.FileSize) + 32);
        }
    }

    internal static void Write128(ref byte to, ReadOnlySpan<byte> compatible, ref byte from, nuint count)
    {
        Vector128<byte> first = Vector128.Create(compatible[..16]);
        Vector128<byte> second = Vector128.Create(compatible[16..32]);
        Vector128<byte> third = Vector128.Create(compatible[32..]);
        for (nuint i = 0; i < count; i++)
        {
            Vector128<byte> data = Vector128.LoadUnsafe(ref from, i * 16);
            first.StoreUnsafe(ref to, i * LuoAbi.FileSize);
            second.StoreUnsafe(ref to, (i * LuoAbi.FileSize) + 16);
            third.StoreUnsafe(ref to, (i * LuoAbi.FileSize) + 32);
            data.StoreUnsafe(ref to, (i * LuoAbi.FileSize) + 48);
        }
    }
}
