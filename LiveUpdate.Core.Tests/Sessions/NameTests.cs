using System.Text;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Sessions;

/// <summary>Names at the edge: empty, too long, not text, with a NUL (S-01, U-30, A-32); compatible strings likewise (4.13).</summary>
public class NameTests
{
    private Generation _first = null!;

    [SetUp]
    public void SetUp() => _first = Generation.Boot();

    [TearDown]
    public void TearDown() => _first.Dispose();

    private static IEnumerable<string> BadNames()
    {
        yield return "";
        yield return new string('x', 64);
        yield return new string('x', 100_000);
        yield return new string('ä', 32);
        yield return "\0";
        yield return "a\0b";
    }

    private static IEnumerable<string> GoodNames()
    {
        yield return "a";
        yield return " ";
        yield return "/";
        yield return "\n";
        yield return new string('x', 63);
        yield return new string('ä', 31);
        yield return "日本語のセッション";
        yield return "\U0001F680 launch";
    }

    [TestCaseSource(nameof(BadNames))]
    public void A_bad_name_is_refused_and_names_no_incoming_session(string name)
    {
        Held before = _first.Held;
        Refused.With(LiveUpdateError.InvalidArgument, () => _first.Create(name));
        Refused.With(LiveUpdateError.NotFound, () => _first.Retrieve(name));
        Assert.That(_first.Device.TryRetrieveSession(name, out _), Is.False);
        Assert.That(_first.Held, Is.EqualTo(before));
    }

    [TestCaseSource(nameof(GoodNames))]
    public void A_good_name_arrives_byte_for_byte(string name)
    {
        _first.Create(name);
        HandedOverImage image = _first.Stop();
        Assert.That(HandedOverImage.Text(image.Session(0).Name), Is.EqualTo(name));
        Generation next = image.Boot();
        Assert.That(next.Device.GetIncomingSessions(), Is.EqualTo([name]));
        using Session session = next.Retrieve(name);
        Assert.That(session.Name, Is.EqualTo(name));
        session.Finish();
    }

    [Test]
    public void Null_and_the_default_name_are_misuse()
    {
        Assert.That(() => _first.Device.CreateSession(null!), Throws.TypeOf<ArgumentNullException>());
        Assert.That(() => _first.Device.RetrieveSession(null!), Throws.TypeOf<ArgumentNullException>());
        Assert.That(() => _first.Device.CreateSession(default(SessionName)), Throws.TypeOf<ArgumentException>());
        Refused.With(LiveUpdateError.NotFound, () => _first.Device.RetrieveSession(default(SessionName)));
    }

    [Test]
    public void Names_that_are_not_text_are_told_apart_by_their_bytes()
    {
        byte[][] names = [[0xFF], [0xFE], [0xFF, 0xFE], [0xC3], [0xED, 0xA0, 0x80]];
        foreach (byte[] bytes in names)
            _first.Device.CreateSession(Parse(bytes));
        Refused.With(LiveUpdateError.Exists, () => _first.Device.CreateSession(Parse([0xFF])));
        Generation next = _first.Update();
        Assert.That(next.Device.GetIncomingSessions()[0], Is.EqualTo("\uFFFD"));
        foreach (byte[] bytes in names)
        {
            using Session session = next.Device.RetrieveSession(Parse(bytes));
            Assert.That(session.SessionName.Utf8.ToArray(), Is.EqualTo(bytes));
            session.Finish();
        }

        Assert.That(next.Device.GetIncomingSessions(), Is.Empty);
    }

    // No library and no kernel writes one; it must not stand in the way of the next update.
    [Test]
    public void An_empty_name_in_the_image_is_a_session_all_the_same()
    {
        _first.Create("a");
        HandedOverImage image = _first.Stop();
        ((Span<byte>)image.Session(0).Name).Clear();
        Generation next = image.Boot();
        Assert.That(next.Device.GetIncomingSessions(), Is.EqualTo([""]));
        Refused.With(LiveUpdateError.NotFound, () => next.Retrieve(""));
        using Session session = next.Device.RetrieveSession(default(SessionName));
        session.Finish();
        session.Close();
        Assert.That(next.Device.GetIncomingSessions(), Is.Empty);
    }

    [TestCase("")]
    [TestCase("a\0b")]
    [TestCase("123456789012345678901234567890123456789012345678")]
    [TestCase("öööööööööööööööööööööööö")]
    public void A_bad_compatible_string_is_refused_when_it_is_given(string compatible)
    {
        var log = new CallbackLog();
        Assert.That(() => new RecordingHandler(log, compatible), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => new RecordingFlb(log, "A", compatible), Throws.InstanceOf<ArgumentException>());
    }

    [TestCase("12345678901234567890123456789012345678901234567")]
    [TestCase("ööööööööööööööööööööööö")]
    [TestCase("x")]
    public void A_compatible_string_of_up_to_47_bytes_arrives(string compatible)
    {
        Assert.That(Encoding.UTF8.GetByteCount(compatible), Is.LessThanOrEqualTo(47));
        var log = new CallbackLog();
        var flb = new RecordingFlb(log, "A", compatible);
        using Generation first = Generation.Boot(new RecordingHandler(log, compatible).DependingOn(flb));
        Generation.Preserve(first.Create("s"), 1);
        Generation next = first.Update();
        using Session session = next.Retrieve("s");
        Assert.That(session.GetFiles()[0].Handler, Is.EqualTo(compatible));
        Assert.That(session.Retrieve<TestFile>(1).Number, Is.EqualTo(1));
        session.Finish();
        Assert.That(log.Count("A.fin"), Is.EqualTo(1));
    }

    private static SessionName Parse(byte[] bytes)
    {
        Assert.That(SessionName.TryCreate(bytes, out SessionName name), Is.True);
        return name;
    }
}
