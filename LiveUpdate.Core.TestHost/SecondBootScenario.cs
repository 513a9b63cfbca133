using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost;

/// <summary>A boot that fails for the program's own fault loses nothing: the next one finds it all.</summary>
internal sealed class SecondBootScenario : Scenario
{
    protected override LiveUpdateOrchestrator Boot()
    {
        if (NoticedMemory() is null)
            return base.Boot();
        LiveUpdateOptions twice = Options();
        twice.Handlers.Add(new DescriptorHandler());
        TryBoot(twice);
        LiveUpdateOptions own = Options();
        own.Memory = KhoMemory.CreateShared(1 << 20);
        TryBoot(own);
        return base.Boot();
    }

    protected override void Preserve(LiveUpdateOrchestrator luo, Session session, string[] args) => session.Preserve(1, Libc.EventFd(3));

    protected override void Retrieve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        using SafeFileHandle events = session.Retrieve<SafeFileHandle>(1);
        Span<byte> count = stackalloc byte[8];
        RandomAccess.Read(events, count, 0);
        Say($"eventfd {count[0]}");
    }

    private static void TryBoot(LiveUpdateOptions options)
    {
        try
        {
            LiveUpdateOrchestrator.Boot(options).Dispose();
            Say("booted");
        }
        catch (Exception exception) when (exception is LiveUpdateException or InvalidOperationException)
        {
            Say($"refused {exception.GetType().Name}");
        }
    }
}
