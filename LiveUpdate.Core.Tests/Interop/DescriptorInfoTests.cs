using System.IO.Pipes;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Interop;

[Platform("Linux", Reason = "Descriptors are those of Linux.")]
[SupportedOSPlatform("linux")]
public partial class DescriptorInfoTests
{
    private string _path = "";

    [SetUp]
    public void MakeFile()
    {
        _path = Path.GetTempFileName();
        File.WriteAllBytes(_path, new byte[100]);
    }

    [TearDown]
    public void DeleteFile() => File.Delete(_path);

    [Test]
    public void StatusHasTheFieldsOfTheFile()
    {
        using SafeFileHandle file = File.OpenHandle(_path);

        Libc.StatxBuffer status = DescriptorInfo.Status(file);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(status.Size, Is.EqualTo(100));
            Assert.That(status.LinkCount, Is.EqualTo(1));
            Assert.That(status.Mode & Libc.S_IFMT, Is.EqualTo(0x8000), "a regular file");
            Assert.That(Convert.ToString(status.Mode & 0x1ff, 8), Is.EqualTo(Convert.ToString((int)File.GetUnixFileMode(file), 8)));
            Assert.That(status.Inode, Is.Not.Zero);
            Assert.That(Marshal.SizeOf<Libc.StatxBuffer>(), Is.EqualTo(256));
            Assert.That(Marshal.SizeOf<Libc.StatfsBuffer>(), Is.EqualTo(120));
        }
    }

    [Test]
    public void TwoDescriptionsOfOneFileHaveOneIdentityAndAreNotEqual()
    {
        using SafeFileHandle first = File.OpenHandle(_path);
        using SafeFileHandle second = File.OpenHandle(_path);
        using SafeFileHandle duplicate = DescriptorInfo.Duplicate(first);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(DescriptorInfo.Identify(second), Is.EqualTo(DescriptorInfo.Identify(first)));
            Assert.That(OpenDescriptionComparer.Instance.Compare(first, duplicate), Is.Zero);
            Assert.That(OpenDescriptionComparer.Instance.Compare(first, second), Is.Not.Zero);
            Assert.That(
                OpenDescriptionComparer.Instance.Compare(first, second),
                Is.EqualTo(-OpenDescriptionComparer.Instance.Compare(second, duplicate)));
        }
    }

    [Test]
    public void ComparerSortsManyDescriptions()
    {
        var files = new List<SafeFileHandle>();
        try
        {
            var set = new SortedSet<SafeHandle>(OpenDescriptionComparer.Instance);
            for (int i = 0; i < 100; i++)
            {
                files.Add(File.OpenHandle(_path));
                Assert.That(set.Add(files[^1]), Is.True);
            }

            for (int i = 0; i < 100; i++)
            {
                files.Add(DescriptorInfo.Duplicate(files[i]));
                Assert.That(set.Add(files[^1]), Is.False);
            }

            for (int i = 0; i < 100; i++)
                Assert.That(set.Remove(files[100 + i]), Is.True);
        }
        finally
        {
            files.ForEach(file => file.Dispose());
        }
    }

    [Test]
    public void DuplicateSharesThePositionAndIsCloseOnExec()
    {
        using var stream = new FileStream(_path, FileMode.Open);
        stream.Seek(42, SeekOrigin.Begin);
        using SafeFileHandle duplicate = DescriptorInfo.Duplicate(stream.SafeFileHandle);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(DescriptorInfo.Position(duplicate), Is.EqualTo(42));
            Assert.That(Libc.Fcntl(duplicate, Libc.F_GETFD, 0), Is.EqualTo(Libc.FD_CLOEXEC));
        }
    }

    [Test]
    public void DuplicateOfASocketCanBeUsedAsOne()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        server.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        server.Listen();

        using var again = new Socket(DescriptorInfo.DuplicateSocket(server.SafeHandle));

        Assert.That(again.LocalEndPoint, Is.EqualTo(server.LocalEndPoint));
        Assert.That(DescriptorInfo.LinkText(again.SafeHandle), Does.StartWith("socket:["));
    }

    [Test]
    public void PipeHasNoPosition()
    {
        using var pipe = new AnonymousPipeServerStream();
        Assert.That(DescriptorInfo.Position(pipe.SafePipeHandle), Is.Zero);
        Assert.That(DescriptorInfo.LinkText(pipe.SafePipeHandle), Does.StartWith("pipe:["));
    }

    [Test]
    public void WhatIsNotAnOpenDescriptorIsRefusedWithBadDescriptor()
    {
        using SafeFileHandle closed = File.OpenHandle(_path);
        closed.Dispose();
        using var invalid = new SafeFileHandle(-1, ownsHandle: false);
        using var unused = new SafeFileHandle(1_000_000, ownsHandle: false);
        using var pointer = new SafeFileHandle(unchecked((nint)0x7f00_0000_0001), ownsHandle: false);
        using var pathOnly = new SafeFileHandle(Open(_path, Libc.O_PATH), ownsHandle: true);

        foreach (SafeFileHandle handle in new[] { closed, invalid, unused, pointer, pathOnly })
            Refused.With(LiveUpdateError.BadDescriptor, () => DescriptorInfo.Identify(handle));

        Assert.That(DescriptorInfo.IsOpen(pathOnly), Is.False);
        Refused.With(LiveUpdateError.BadDescriptor, () => DescriptorInfo.Duplicate(unused));
        Refused.With(LiveUpdateError.BadDescriptor, () => DescriptorInfo.Status(unused));
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
