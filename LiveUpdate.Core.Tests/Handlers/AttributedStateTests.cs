using MessagePack;

namespace LiveUpdate.Tests.Handlers;

public class AttributedStateTests
{
    [Test]
    public void AttributedTypeGoesOver()
    {
        using var lives = new Lives(() => [StateHandler.ForAttributed<AttributedState>("attributed", reserveBytes: 10_000)]);
        using (Session session = lives.Device.CreateSession("s"))
        {
            var next = new AttributedState { Name = "b" };
            session.Preserve(1, new AttributedState { Name = "a", Ports = new() { [80] = "http" }, Next = next });
            lives.Update();
        }

        using Session incoming = lives.Device.RetrieveSession("s");
        var state = incoming.Retrieve<AttributedState>(1);
        Assert.That((state.Name, state.Ports[80], state.Next!.Name), Is.EqualTo(("a", "http", "b")));
        incoming.Finish();
        Assert.That(lives.Unrestored, Is.Zero);
    }

    [Test]
    public void DefaultRoomIsTwiceTheSize()
    {
        using var lives = new Lives(() => [StateHandler.ForAttributed<AttributedState>("attributed")]);
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, new AttributedState { Name = new string('x', 10_000) });
        Assert.That(lives.PagesOf("attributed"), Is.EqualTo(5 + 1));
    }

    [Test]
    public void CompressedStateGoesOver()
    {
        MessagePackSerializerOptions options = MessagePackSerializerOptions.Standard.WithCompression(MessagePackCompression.Lz4BlockArray);
        using var lives = new Lives(() => [StateHandler.ForAttributed<AttributedState>("attributed", 1, 20_000, options)]);
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, new AttributedState { Name = new string('x', 100_000) });
        lives.Update();
        Assert.That(lives.Device.RetrieveSession("s").Retrieve<AttributedState>(1).Name, Has.Length.EqualTo(100_000));
    }

    [Test]
    public void DepthIsThatOfUntrustedDataWhateverTheOptionsSay()
    {
        MessagePackSerializerOptions options = MessagePackSerializerOptions.Standard.WithSecurity(MessagePackSecurity.TrustedData);
        using var lives = new Lives(() => [StateHandler.ForAttributed<AttributedState>("attributed", options: options)]);
        using Session session = lives.Device.CreateSession("s");
        var deep = new AttributedState();
        for (int i = 0; i < 1000; i++)
            deep = new AttributedState { Next = deep };
        session.Preserve(1, deep);
        LiveUpdateException refusal = Assert.Throws<LiveUpdateException>(() => lives.Update());
        Assert.That(refusal.InnerException, Is.TypeOf<LiveUpdateImageException>());
    }

    [Test]
    public void BytesOfAnotherTypeAreRefusedBeforeTheCommit()
    {
        using var lives = new Lives(() => [new StateHandler<VmState>("state", new VmStateFormatter())]);
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, new VmState { Name = "not an attributed state" });
        LiveUpdateException refusal = Assert.Throws<LiveUpdateException>(
            () => lives.Update([StateHandler.ForAttributed<AttributedState>("state", version: 2)]));
        Assert.That(refusal.InnerException, Is.TypeOf<LiveUpdateImageException>());
        Assert.That(refusal.InnerException!.InnerException, Is.TypeOf<MessagePackSerializationException>());
    }

    [Test]
    public void MisuseIsRefused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new ResolverStateFormatter<AttributedState>(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(
                () => StateHandler.ForAttributed<AttributedState>("x", reserveBytes: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => StateHandler.ForAttributed<AttributedState>(null!), Throws.ArgumentNullException);
        }
    }
}

/// <summary>Public, because MessagePack's run-time formatters see public types only.</summary>
[MessagePackObject]
public sealed class AttributedState
{
    [Key(0)]
    public string Name { get; set; } = "";

    [Key(1)]
    public Dictionary<int, string> Ports { get; set; } = [];

    [Key(2)]
    public AttributedState? Next { get; set; }
}
