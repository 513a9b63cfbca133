using System.IO.MemoryMappedFiles;
using System.Runtime.Versioning;
using System.Text;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handlers;

/// <summary>The shipped handler on real memfds: reference 7.8, what a descriptor that travels can show.</summary>
[Platform("Linux", Reason = "Memfds are Linux's.")]
[SupportedOSPlatform("linux")]
public class MemfdScenarios
{
    private const int Page = 4096;

    private Generation _first = null!;
    private int _descriptors;

    [SetUp]
    public void SetUp()
    {
        _descriptors = Memfd.OpenDescriptors("memfd:scenario");
        _first = Generation.Boot(new MemfdHandler());
    }

    [TearDown]
    public void TearDown()
    {
        _first.Dispose();
        Assert.That(Memfd.OpenDescriptors("memfd:scenario"), Is.EqualTo(_descriptors), "a descriptor was leaked");
    }

    [Test]
    public void T_170_closing_the_session_leaves_the_content()
    {
        using SafeFileHandle file = Create("text");
        Held before = _first.Held;
        using (Session session = _first.Create("s"))
            session.Preserve(1, file);
        Assert.That(Text(file), Is.EqualTo("text"));
        Assert.That(_first.Held, Is.EqualTo(before));
    }

    [Test]
    public void T_171_two_memfds_of_one_session_keep_their_contents()
    {
        using SafeFileHandle a = Create("content of a"), b = Create("content of b");
        Session session = _first.Create("s");
        session.Preserve(0xAAAA, a);
        session.Preserve(0xBBBB, b);
        using Session incoming = _first.Update().Retrieve("s");
        using SafeFileHandle first = incoming.Retrieve<SafeFileHandle>(0xAAAA), second = incoming.Retrieve<SafeFileHandle>(0xBBBB);
        Assert.That((Text(first), Text(second)), Is.EqualTo(("content of a", "content of b")));
        incoming.Finish();
    }

    [Test]
    public void T_172_two_sessions_with_a_full_and_an_empty_memfd_each()
    {
        foreach (string name in new[] { "s1", "s2" })
        {
            using SafeFileHandle full = Create($"full of {name}"), empty = Create("");
            Session session = _first.Create(name);
            session.Preserve(1, full);
            session.Preserve(2, empty);
        }

        Generation next = _first.Update();
        foreach (string name in new[] { "s1", "s2" })
        {
            using Session session = next.Retrieve(name);
            using SafeFileHandle full = session.Retrieve<SafeFileHandle>(1), empty = session.Retrieve<SafeFileHandle>(2);
            Assert.That((Text(full), Text(empty)), Is.EqualTo(($"full of {name}", "")));
            session.Finish();
        }
    }

    [Test]
    public void T_173_a_page_written_through_a_mapping_is_read_through_a_mapping()
    {
        byte[] text = "through a mapping"u8.ToArray();
        using (SafeFileHandle file = Create("", size: Page))
        {
            using (MemoryMappedViewAccessor view = Map(file))
                view.WriteArray(100, text, 0, text.Length);
            _first.Create("s").Preserve(1, file);
        }

        using Session session = _first.Update().Retrieve("s");
        using SafeFileHandle retrieved = session.Retrieve<SafeFileHandle>(1);
        byte[] found = new byte[text.Length];
        using (MemoryMappedViewAccessor view = Map(retrieved))
            view.ReadArray(100, found, 0, found.Length);
        Assert.That(found, Is.EqualTo(text));
        session.Finish();
    }

    [Test]
    public void T_174_several_sessions_and_one_with_the_state()
    {
        (string Session, string[] Files)[] sessions =
            [("empty-1", []), ("empty-2", []), ("one", ["first"]), ("two", ["second", "third"]), ("state", ["stage 2"])];
        foreach ((string name, string[] files) in sessions)
        {
            Session session = _first.Create(name);
            foreach ((int token, string text) in files.Index())
            {
                using SafeFileHandle file = Create(text);
                session.Preserve(Token.From(token), file);
            }
        }

        Generation next = _first.Update();
        Assert.That(next.Device.GetIncomingSessions(), Is.EqualTo(sessions.Select(static session => session.Session)));
        foreach ((string name, string[] files) in sessions)
        {
            Session session = next.Retrieve(name);
            foreach ((int token, string text) in files.Index())
            {
                using SafeFileHandle file = session.Retrieve<SafeFileHandle>(Token.From(token));
                Assert.That(Text(file), Is.EqualTo(text));
            }

            session.Finish();
            session.Close();
        }

        Assert.That((next.Held.Ids, next.Held.Descriptors, next.Held.Pages), Is.EqualTo((0, 0, "LUO root: 3, unrestored: 0")));
    }

    [Test]
    public void T_175_an_empty_memfd_keeps_its_position()
    {
        using SafeFileHandle file = Create("");
        Libc.Lseek(file, 77, 0);
        using SafeFileHandle retrieved = Over(file);
        Assert.That((RandomAccess.GetLength(retrieved), DescriptorInfo.Position(retrieved)), Is.EqualTo((0L, 77L)));
    }

    // The size cannot be frozen in a process (T-178), and so it is free here both before and after.
    [Test]
    public void T_179_after_the_session_is_closed_the_memfd_grows()
    {
        using SafeFileHandle file = Create("text");
        Session session = _first.Create("s");
        session.Preserve(1, file);
        session.Close();
        Memfd.Resize(file, 10 * Page);
        Assert.That(RandomAccess.GetLength(file), Is.EqualTo(10 * Page));
    }

    [Test]
    public void T_180_what_is_written_after_preserve_is_seen()
    {
        using SafeFileHandle file = Create("old text");
        using SafeFileHandle retrieved = Over(file, () => RandomAccess.Write(file, "new"u8, 0));
        Assert.That(Text(retrieved), Is.EqualTo("new text"));
    }

    [Test]
    public void T_181_the_position_is_that_at_the_freeze()
    {
        using SafeFileHandle file = Create("text");
        using SafeFileHandle retrieved = Over(file, () => Libc.Lseek(file, 3, 0));
        Assert.That(DescriptorInfo.Position(retrieved), Is.EqualTo(3));
    }

    [Test]
    public void T_182_seals_are_kept_and_more_can_be_added()
    {
        using SafeFileHandle file = Create("text");
        Memfd.Seal(file, 0x06);
        using SafeFileHandle retrieved = Over(file);
        Assert.That(Memfd.Seals(retrieved), Is.EqualTo(0x06));
        Memfd.Seal(retrieved, Libc.F_SEAL_WRITE);
        Assert.That(Memfd.Seals(retrieved), Is.EqualTo(0x0E));
    }

    [Test]
    public void T_183_a_memfd_without_sealing_stays_so()
    {
        using SafeFileHandle file = Memfd.Create("scenario", sealing: false);
        Assert.That(Memfd.Seals(file), Is.EqualTo(0x01));
        using SafeFileHandle retrieved = Over(file);
        Assert.That(Memfd.Seals(retrieved), Is.EqualTo(0x01));
        Assert.That(Memfd.TrySeal(retrieved, Libc.F_SEAL_GROW), Is.False);
    }

    [Test]
    public void T_184_a_write_sealed_memfd_keeps_content_and_seal()
    {
        using SafeFileHandle file = Create("sealed");
        Memfd.Seal(file, 0x08);
        using SafeFileHandle retrieved = Over(file);
        Assert.That((Text(retrieved), Memfd.Seals(retrieved)), Is.EqualTo(("sealed", 0x08)));
    }

    // (library) The kernel brings it back executable and write-sealed (M-24).
    [Test]
    public void T_185_a_memfd_that_cannot_be_executed_stays_so()
    {
        using SafeFileHandle file = Libc.MemfdCreate("scenario", Libc.MFD_CLOEXEC | Libc.MFD_NOEXEC_SEAL);
        if (file.IsInvalid)
            Skip.Because("This kernel has no MFD_NOEXEC_SEAL.");
        using SafeFileHandle retrieved = Over(file);
        Assert.That(Memfd.Seals(retrieved), Is.EqualTo(0x20));
        Assert.That(DescriptorInfo.Status(retrieved).Mode & 0xFFF, Is.EqualTo(Convert.ToInt32("666", 8)));
    }

    [Test]
    public void T_187_a_memfd_of_huge_pages_is_not_taken()
    {
        using SafeFileHandle file = Memfd.Create("scenario", hugePages: true);
        using Session session = _first.Create("s");
        Held before = _first.Held;
        Refused.With(LiveUpdateError.NotFound, () => session.Preserve(1, file));
        Assert.That(_first.Held, Is.EqualTo(before));
    }

    [Test]
    public void T_188_a_second_description_of_one_memfd_is_the_same_object()
    {
        using SafeFileHandle file = Create("text");
        using SafeFileHandle second = File.OpenHandle($"/proc/self/fd/{file.DangerousGetHandle()}", access: FileAccess.ReadWrite);
        using Session session = _first.Create("s");
        session.Preserve(1, file);
        Held before = _first.Held;
        Refused.With(LiveUpdateError.Busy, () => session.Preserve(2, second));
        Assert.That(_first.Held, Is.EqualTo(before));
    }

    [Test]
    public void T_189_a_retrieved_descriptor_is_closed_on_exec()
    {
        using SafeFileHandle file = Create("text");
        Libc.Fcntl(file, Libc.F_SETFD, 0);
        using SafeFileHandle retrieved = Over(file);
        Assert.That(Libc.Fcntl(retrieved, Libc.F_GETFD, 0), Is.EqualTo(Libc.FD_CLOEXEC));
    }

    /// <summary>Preserves a memfd, lets something happen, updates, and retrieves it.</summary>
    private SafeFileHandle Over(SafeFileHandle file, Action? afterPreserve = null)
    {
        _first.Create("s").Preserve(1, file);
        afterPreserve?.Invoke();
        return _first.Update().Retrieve("s").Retrieve<SafeFileHandle>(1);
    }

    private static SafeFileHandle Create(string text, long size = 0)
    {
        SafeFileHandle file = Memfd.Create("scenario", size);
        RandomAccess.Write(file, Encoding.UTF8.GetBytes(text), 0);
        return file;
    }

    private static string Text(SafeFileHandle file)
    {
        byte[] bytes = new byte[256];
        return Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file, bytes, 0));
    }

    private static MemoryMappedViewAccessor Map(SafeFileHandle file)
    {
        using MemoryMappedFile mapping = MemoryMappedFile.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        return mapping.CreateViewAccessor(0, Page);
    }
}
