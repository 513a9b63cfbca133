using System.Buffers.Binary;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>Bytes in a memfd, their length before them, which a successor and the next kernel can be given.</summary>
[SupportedOSPlatform("linux")]
internal static class AgentStateFile
{
    /// <summary>Makes one.</summary>
    /// <returns>The memfd, owned by the caller.</returns>
    public static SafeFileHandle Create(ReadOnlySpan<byte> bytes)
    {
        long length = (sizeof(int) + bytes.Length + LuoAbi.PageSize - 1) & -LuoAbi.PageSize;
        SafeFileHandle file = SharedMemoryFile.Create(length, "liveupdate-agent-state");
        Span<byte> header = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(header, bytes.Length);
        RandomAccess.Write(file, header, 0);
        RandomAccess.Write(file, bytes, sizeof(int));
        return file;
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="LiveUpdateException">EPROTO: the length is not one that it can have.</exception>
    public static byte[] Read(SafeFileHandle file)
    {
        Span<byte> header = stackalloc byte[sizeof(int)];
        int read = RandomAccess.Read(file, header, 0);
        int length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (read < header.Length || length < 0 || length > RandomAccess.GetLength(file) - header.Length)
            throw new LiveUpdateException(LiveUpdateError.Protocol, $"The agent's state says that it has {length} bytes.");
        byte[] bytes = new byte[length];
        RandomAccess.Read(file, bytes, header.Length);
        return bytes;
    }
}
