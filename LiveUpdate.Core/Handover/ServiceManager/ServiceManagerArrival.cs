using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// What the service manager kept in this service's file descriptor store and passed to this process: a hand-over, or what is left of one
/// that did not come about.
/// </summary>
/// <remarks>
/// Which of them is decided by the memory alone: a hand-over is written in it from the serialization until a next generation has activated
/// it, or it was called off. Without one the boot is cold, and all of this library's is dropped. A hand-over that is there and damaged is
/// no reason to start with an empty state: the boot throws, and the store keeps everything for another attempt.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class ServiceManagerArrival : Arrival
{
    // Only as long as the manager may need to take a few thousand messages; what is left then is removed by the next hand-over.
    private static readonly TimeSpan s_removeTimeout = TimeSpan.FromSeconds(5);

    private readonly PassedDescriptors _passed;
    private string _whyNothing = "there is no memory among them";
    private ArrivedSlots? _slots;
    private int? _memory;

    private ServiceManagerArrival(PassedDescriptors passed) => _passed = passed;

    /// <summary>Looks whether the service manager passed anything of this library's.</summary>
    /// <returns>Null if not.</returns>
    /// <exception cref="LiveUpdateImageException">The manager's variables contradict each other.</exception>
    public static new ServiceManagerArrival? Find() => PassedDescriptors.Find() is { } passed ? new ServiceManagerArrival(passed) : null;

    /// <inheritdoc/>
    public override KhoMemory? OpenMemory()
    {
        _memory = null;
        KhoMemory? found = null;
        foreach (int number in _passed.Find(StoreName.Memory))
        {
            KhoMemory memory = ArrivedSlots.OpenMemory(number, $"descriptor \"{StoreName.Memory}\" of the service manager");
            try
            {
                if (!HoldsHandover(memory))
                {
                    memory.Dispose();
                    continue;
                }

                if (found is not null)
                {
                    throw new LiveUpdateImageException(
                        LiveUpdateError.InvalidArgument, "service manager's store", PhysicalAddress.None, 0, "one hand-over", "several");
                }
            }
            catch
            {
                memory.Dispose();
                found?.Dispose();
                throw;
            }

            (found, _memory) = (memory, number);
        }

        return found;
    }

    /// <inheritdoc/>
    public override void Check(LiveUpdateEngine engine)
    {
        if (_memory is { } memory)
            _slots = ArrivedSlots.Check(engine, LuoCoreTarget.ServiceManager, memory, number => _passed.Find(StoreName.Of(number)));
    }

    /// <inheritdoc/>
    public override void Adopt(LiveUpdateEngine engine)
    {
        var taken = new HashSet<int>();
        _slots?.GiveTo(engine, taken);
        int dropped = 0;
        foreach (int number in _passed.Ours.Values.SelectMany(static numbers => numbers).Where(number => !taken.Contains(number)))
        {
            new SafeFileHandle(number, ownsHandle: true).Dispose();
            dropped += number == _memory ? 0 : 1;
        }

        _passed.Forget();
        if (dropped > 0)
        {
            EngineLog.StoredDescriptorsDropped(
                engine.Options.Logger, dropped, _memory is null ? _whyNothing : "the hand-over that came with them does not name them");
        }

        string[] names = [.. _passed.Ours.Keys];
        StoreLedger.RemoveLater(names, () => RemoveFromStore(names, engine.Options.Logger));
    }

    private static bool IsOfThisKind(KhoMemory memory)
    {
        using KexecHandover view = KexecHandover.Attach(memory);
        return IncomingImage.Read(view)?.Core is { Target: LuoCoreTarget.ServiceManager };
    }

    private bool HoldsHandover(KhoMemory memory)
    {
        if (!BootRecord.IsWritten(memory))
            _whyNothing = "no hand-over is written in the memory: it was called off, not completed, or has been booted from";
        else if (IsOfThisKind(memory))
            return true;
        else
            _whyNothing = "the memory holds a hand-over by another way, which did not come about";
        return false;
    }

    // The manager takes the messages in their order and before it looks at a process that has ended, so nobody waits for its answer.
    private static void RemoveFromStore(string[] names, ILogger logger)
    {
        try
        {
            using NotifyConnection connection = NotifyConnection.Open();
            Deadline deadline = Deadline.After(s_removeTimeout);
            foreach (string name in names)
                connection.Remove(name, deadline);
        }
        catch (LiveUpdateException exception)
        {
            EngineLog.StoreNotCleared(logger, names.Length, exception.Reason);
        }
    }
}
