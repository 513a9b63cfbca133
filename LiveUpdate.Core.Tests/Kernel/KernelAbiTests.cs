using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.Versioning;

namespace LiveUpdate.Tests.Kernel;

/// <summary>The versions in an image of a kernel, found without booting it.</summary>
public sealed class KernelAbiTests
{
    private const string All = "luo-v5 kho-v4 memfd-v2";

    [TestCase("gzip")]
    [TestCase("bzip2")]
    [TestCase("lzma")]
    [TestCase("xz")]
    [TestCase("lz4")]
    [TestCase("zstd")]
    public void Every_compression_of_a_bzImage_is_read(string compression)
    {
        using KernelImageFile image = KernelImageFile.BzImage(compression);
        Assert.That(KernelAbi.OfImage(image.Path).ToString(), Is.EqualTo(All));
    }

    [Test]
    public void A_payload_that_is_not_packed_is_read()
    {
        using KernelImageFile image = KernelImageFile.BzImage(Plain());
        Assert.That(KernelAbi.OfImage(image.Path).ToString(), Is.EqualTo(All));
    }

    [TestCase("gzip")]
    [TestCase("zstd")]
    public void An_image_that_is_packed_as_a_whole_is_read(string compression)
    {
        using KernelImageFile image = KernelImageFile.Of(KernelImageFile.Payload(compression));
        Assert.That(KernelAbi.OfImage(image.Path).ToString(), Is.EqualTo(All));
    }

    [Test]
    public void An_image_for_arm64_is_read()
    {
        byte[] image = [.. new byte[0x38], .. "ARMd"u8, .. new byte[100], .. "\0luo-v7\0kho-v4\0"u8];
        using KernelImageFile file = KernelImageFile.Of(image);
        Assert.That(KernelAbi.OfImage(file.Path).ToString(), Is.EqualTo("luo-v7 kho-v4"));
    }

    [Test]
    public void A_name_across_the_edge_of_what_is_read_at_once_is_found([Range(-9, 1)] int offset)
    {
        byte[] kernel = new byte[(2 << 20) + 100];
        "\u007fELF"u8.CopyTo(kernel);
        "\0luo-v12\0"u8.CopyTo(kernel.AsSpan((1 << 20) + offset));
        using KernelImageFile file = KernelImageFile.Of(kernel);
        Assert.That(KernelAbi.OfImage(file.Path).LiveUpdate, Is.EqualTo((string[])["luo-v12"]));
    }

    [Test]
    public void A_kernel_without_live_update_has_no_version()
    {
        using KernelImageFile file = KernelImageFile.Of([.. "\u007fELF"u8, .. new byte[10_000]]);
        Assert.That(KernelAbi.OfImage(file.Path).LiveUpdate, Is.Empty);
    }

    [Test]
    public void A_kernel_that_knows_several_versions_has_all()
    {
        using KernelImageFile file = KernelImageFile.Of([.. "\u007fELF"u8, .. "\0luo-v6\0luo-v5\0luo-v6\0"u8]);
        Assert.That(KernelAbi.OfImage(file.Path).LiveUpdate, Is.EqualTo((string[])["luo-v5", "luo-v6"]));
    }

    [Test]
    public void What_is_no_kernel_is_refused_by_name()
    {
        using KernelImageFile file = KernelImageFile.Of("#!/bin/sh\necho no kernel\n"u8);
        Refuse(file, "offset 0x0: expected an image of a kernel");
    }

    [Test]
    public void An_empty_file_is_refused()
    {
        using KernelImageFile file = KernelImageFile.Of([]);
        Refuse(file, "expected an image of a kernel");
    }

    [Test]
    public void A_file_that_is_not_there_is_an_error_of_its_own() =>
        Assert.That(static () => KernelAbi.OfImage("/nowhere/vmlinuz"), Throws.InstanceOf<IOException>());

    [TestCase(0x206, 0x0207, "offset 0x206: expected a boot protocol of 2.08 or later, found 2.07")]
    [TestCase(0x1f1, 255, "offset 0x1f1: expected at most 64 sectors")]
    [TestCase(0x24a, 0x7fff, "offset 0x248: expected a payload within")]
    [TestCase(0x24e, 0x00ff, "offset 0x248: expected a payload within")]
    public void A_header_that_cannot_be_is_refused(int offset, int value, string message)
    {
        using KernelImageFile file = KernelImageFile.BzImage("gzip", image => BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(offset), (ushort)value));
        Refuse(file, message);
    }

    [Test]
    public void A_damaged_payload_is_read_or_refused_and_nothing_else(
        [Values("gzip", "bzip2", "lzma", "xz", "lz4", "zstd")] string compression)
    {
        int seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int round = 0; round < 60; round++)
        {
            using KernelImageFile file = KernelImageFile.BzImage(compression, image =>
            {
                for (int i = random.Next(1, 6); i > 0; i--)
                    image[random.Next(2048 + 0x140, image.Length - 1000)] = (byte)random.Next(256);
            });
            try
            {
                KernelAbi.OfImage(file.Path);
            }
            catch (InvalidDataException exception)
            {
                Assert.That(exception.Message, Does.StartWith(file.Path));
            }
        }
    }

    [Test]
    public void A_payload_that_is_cut_off_is_refused([Values("gzip", "bzip2", "lzma", "xz", "lz4", "zstd")] string compression)
    {
        byte[] payload = KernelImageFile.Payload(compression);
        using KernelImageFile file = KernelImageFile.Of(KernelImageFileOf(payload[..(payload.Length / 2)]));
        Assert.That(() => KernelAbi.OfImage(file.Path), Throws.TypeOf<InvalidDataException>());

        static byte[] KernelImageFileOf(byte[] half)
        {
            using KernelImageFile whole = KernelImageFile.BzImage(half);
            byte[] bytes = File.ReadAllBytes(whole.Path);
            return bytes[..^1004];
        }
    }

    [Test]
    [Platform(Include = "Linux", Reason = "Only Linux has a kernel of this kind.")]
    [SupportedOSPlatform("linux")]
    public void The_running_kernel_says_what_it_is_or_nothing()
    {
        KernelAbi? abi = KernelAbi.OfRunningKernel();
        TestContext.Out.WriteLine(abi?.ToString() ?? "nothing is known of this kernel");
        if (File.Exists("/dev/liveupdate"))
            Assert.That(abi?.LiveUpdate, Is.Not.Empty);
    }

    private static void Refuse(KernelImageFile file, string message) => Assert.That(
        () => KernelAbi.OfImage(file.Path),
        Throws.TypeOf<InvalidDataException>().With.Message.StartsWith(file.Path + ": ").And.Message.Contains(message));

    private static byte[] Plain()
    {
        using var packed = new GZipStream(new MemoryStream(KernelImageFile.Payload("gzip")), CompressionMode.Decompress);
        var plain = new MemoryStream();
        packed.CopyTo(plain);
        return plain.ToArray();
    }
}
