namespace LiveUpdate.Tests.Serialization;

/// <summary>The golden vectors of the reference, 2.6, byte for byte.</summary>
internal static class Golden
{
    public static byte[] Root => Bytes(
        32,
        (0x00, "6c 75 6f 2d 76 35 00 00 03 00 00 00 00 00 00 00"),
        (0x10, "00 00 06 02 01 00 00 00 00 00 07 02 01 00 00 00"));

    public static byte[] SessionBlock => Bytes(
        4096,
        (0x00, "00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00"),
        (0x10, "76 6d 2d 61 00 00 00 00 00 00 00 00 00 00 00 00"),
        (0x50, "00 00 08 02 01 00 00 00 01 00 00 00 00 00 00 00"));

    public static byte[] FileBlock => Bytes(
        4096,
        (0x00, "00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00"),
        (0x10, "6d 65 6d 66 64 2d 76 32 00 00 00 00 00 00 00 00"),
        (0x40, "00 00 09 02 01 00 00 00 34 12 00 00 00 00 00 00"));

    public static byte[] FlbPage => Bytes(
        4096,
        (0x00, "01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00"),
        (0x10, "69 6f 6d 6d 75 2d 63 6f 72 65 2d 76 31 00 00 00"),
        (0x40, "4d 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00"));

    public static byte[] Memfd => Bytes(
        48,
        (0x00, "05 00 00 00 00 00 00 00 00 20 00 00 00 00 00 00"),
        (0x10, "01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00"),
        (0x20, "00 00 0a 02 01 00 00 00 01 00 00 00 01 00 00 00"));

    public static byte[] Folio => Bytes(16, (0, "56 34 12 00 00 00 30 00 07 00 00 00 00 00 00 00"));

    private static byte[] Bytes(int size, params (int Offset, string Hex)[] rows)
    {
        byte[] bytes = new byte[size];
        foreach ((int offset, string hex) in rows)
            Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)).CopyTo(bytes, offset);

        return bytes;
    }
}
