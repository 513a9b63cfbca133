using LiveUpdate.Abi;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>Requests that come from a callback, or when the generation is over: no descriptor is lost, only misuse throws.</summary>
public class DispatcherFailureTests
{
    [Test]
    public void Misuse_from_a_callback_takes_no_number_and_closes_nothing()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        var user = new UapiUser(first);
        int session = user.Create("s");
        int file = user.Install(new TestFile(1));
        log.On("pre1", () =>
        {
            Assert.That(() => user.Create("t", out _), Throws.InvalidOperationException);
            Assert.That(() => user.RetrieveSession("t", out _), Throws.InvalidOperationException);
            Assert.That(() => user.Dispatcher.Open(out _), Throws.InvalidOperationException);
            Assert.That(() => user.Close(session), Throws.InvalidOperationException);
        });
        Assert.That(user.Preserve(session, file, 1), Is.EqualTo(LiveUpdateError.None));
        Assert.That(user.GetName(session, out _), Is.EqualTo(LiveUpdateError.None), "still open");
        Assert.That(user.Create("t"), Is.EqualTo(file + 1));
    }

    [Test]
    public void Close_is_silent_when_the_orchestrator_has_been_disposed()
    {
        using var first = Generation.Boot(new RecordingHandler(new CallbackLog()));
        Generation.Preserve(first.Create("s"), 1);
        Generation second = first.Update();
        second.Device.Dispose();
        var user = new UapiUser(second);
        int session = user.RetrieveSession("s");
        second.Luo.Dispose();
        Assert.That(user.Close(session), Is.EqualTo(LiveUpdateError.None));
        Assert.That(user.Dispatcher.CloseAll, Throws.Nothing);
    }

    [Test]
    public void Answer_that_cannot_be_copied_after_the_commit_is_an_errno()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        var memory = new HandingOver(UapiUser.NameStruct("s"u8), first);
        Assert.That(user.Dispatcher.Ioctl(user.Device, LiveUpdateIoctl.CreateSession, memory), Is.EqualTo(LiveUpdateError.BadAddress));
    }

    /// <summary>Memory that cannot be written any more because the generation was handed over meanwhile.</summary>
    private sealed class HandingOver(byte[] bytes, Generation generation) : UserMemory
    {
        private readonly UserBuffer _buffer = new(bytes);

        public override bool TryRead(long offset, Span<byte> destination) => _buffer.TryRead(offset, destination);

        public override bool TryWrite(long offset, ReadOnlySpan<byte> source)
        {
            generation.Stop();
            return false;
        }
    }
}
