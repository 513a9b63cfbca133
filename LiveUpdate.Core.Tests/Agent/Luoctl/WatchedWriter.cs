using System.Text;

namespace LiveUpdate.Tests.Agent;

/// <summary>What a program in this process writes, for a test that waits for a part of it.</summary>
internal sealed class WatchedWriter : TextWriter
{
    private const int Shown = 2000;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly StringBuilder _text = new();
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WatchedWriter() => CoreNewLine = ['\n'];

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer)
    {
        TaskCompletionSource grown;
        lock (_lock)
        {
            _text.Append(buffer);
            (grown, _grown) = (_grown, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        grown.SetResult();
    }

    /// <summary>Waits until it is there.</summary>
    public async Task WaitForAsync(string part)
    {
        while (true)
        {
            Task grown;
            lock (_lock)
                grown = _grown.Task;
            if (ToString().Contains(part, StringComparison.Ordinal))
                return;
            try
            {
                await grown.WaitAsync(s_limit);
            }
            catch (TimeoutException)
            {
                Assert.Fail($"\"{part}\" never came; the end of what there is: {Tail}");
            }
        }
    }

    private string Tail => ToString() is { Length: > Shown } text ? text[^Shown..] : ToString();

    public override string ToString()
    {
        lock (_lock)
            return _text.ToString();
    }
}
