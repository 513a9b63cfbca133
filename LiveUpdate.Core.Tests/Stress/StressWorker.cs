using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Stress;

/// <summary>One thread of a <see cref="StressRun"/>: it works in a session of its own, of which it knows each file, and in shared ones.</summary>
/// <remarks>The number of a file is its token, and no other file has it: whoever takes one back can tell whether it is the right one.</remarks>
internal sealed class StressWorker(int number, int seed)
{
    private const int MaxFiles = 8;
    private const int NumbersOfOne = 1 << 24;

    private readonly Random _random = new(seed);
    private readonly HashSet<ulong> _kept = [];
    private Session? _own;
    private int _made;

    private string Name => $"own {number}";

    /// <summary>Takes back what it had, and works until the generation ends.</summary>
    public void Live(StressGeneration generation)
    {
        TakeBack(generation);
        generation.Ready.Signal();
        try
        {
            while (true)
            {
                Work(generation);
                generation.CountOperation();
            }
        }
        catch (LiveUpdateException refusal) when (refusal.Error == LiveUpdateError.Shutdown)
        {
        }
    }

    /// <summary>Ends what it has in the last generation.</summary>
    public void TakeBack(StressGeneration generation)
    {
        _own = null;
        if (_kept.Count > 0)
        {
            using Session session = generation.Device.RetrieveSession(Name);
            ulong[] files = [.. session.GetFiles().Select(static file => file.Token.Value)];
            if (!_kept.SetEquals(files))
                throw new InvalidOperationException($"\"{Name}\" came with {string.Join(' ', files)} instead of {string.Join(' ', _kept)}");
            TakeFiles(session, generation);
            _kept.Clear();
        }

        foreach (string name in generation.Device.GetIncomingSessions().Where(StressGeneration.IsShared))
        {
            Unless([LiveUpdateError.InvalidArgument, LiveUpdateError.NotFound], () =>
            {
                using Session session = generation.Device.RetrieveSession(name);
                TakeFiles(session, generation);
            });
        }
    }

    private static void TakeFiles(Session session, StressGeneration generation)
    {
        foreach (SessionFile file in session.GetFiles())
        {
            int found = session.Retrieve<TestFile>(file.Token).Number;
            if ((ulong)found != file.Token.Value)
                throw new InvalidOperationException($"file {found} came back as {file.Token} of \"{session.Name}\"");
            generation.CountOperation();
        }

        session.Finish();
    }

    private void Work(StressGeneration generation)
    {
        int shared = _random.Next();
        switch (_random.Next(16))
        {
            case 0:
                _own?.Close();
                _own = null;
                _kept.Clear();
                break;
            case 1:
                generation.CloseShared(shared);
                break;
            case 2:
                if (_own is not null && _own.GetFiles().Count != _kept.Count)
                    throw new InvalidOperationException($"\"{Name}\" has {_own.GetFiles().Count} files instead of {_kept.Count}");
                break;
            case 3:
                Unless([LiveUpdateError.NotFound], () =>
                {
                    using FlbReference<FlbObject> flb = generation.Luo.GetOutgoing(generation.Flb);
                    if (flb.Value is not { IsIncoming: false })
                        throw new InvalidOperationException("the FLB has no object");
                });
                break;
            case < 8:
                Unless([LiveUpdateError.Exists], () => generation.GetShared(shared).Preserve((ulong)NextNumber(), new TestFile(_made)));
                break;
            default:
                PreserveOfOwn(generation);
                break;
        }
    }

    private void PreserveOfOwn(StressGeneration generation)
    {
        _own ??= generation.Device.CreateSession(Name);
        if (_kept.Count == MaxFiles)
            return;
        ulong token = (ulong)NextNumber();
        _own.Preserve(token, new TestFile(_made));
        _kept.Add(token);
    }

    private int NextNumber() => _made = (number * NumbersOfOne) + (((_made % NumbersOfOne) + 1) % NumbersOfOne);

    // Another thread may have been first, or have closed a session that was shared.
    private static void Unless(LiveUpdateError[] refusals, Action operation)
    {
        try
        {
            operation();
        }
        catch (LiveUpdateException refusal) when (refusals.Contains(refusal.Error))
        {
        }
        catch (ObjectDisposedException)
        {
        }
    }
}
