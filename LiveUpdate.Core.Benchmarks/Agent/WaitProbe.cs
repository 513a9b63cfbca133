using System.Diagnostics;
using System.Runtime.InteropServices;
using LiveUpdate.Agent;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>A client that asks the agent all the while, and notes the longest wait for an answer: the pause as a client sees it.</summary>
internal sealed class WaitProbe : IDisposable
{
    private readonly AgentDevice _device;
    private readonly Thread _thread;
    private volatile bool _isOver;
    private volatile Exception? _failure;
    private long _longest;

    /// <param name="device">A connection of its own; owned by the probe from now on.</param>
    public WaitProbe(AgentDevice device)
    {
        _device = device;
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>The longest wait since the last call.</summary>
    /// <exception cref="InvalidOperationException">The agent did not answer.</exception>
    public TimeSpan TakeLongest() => _failure is { } failure
        ? throw new InvalidOperationException("The probe was not answered.", failure)
        : Stopwatch.GetElapsedTime(0, Interlocked.Exchange(ref _longest, 0));

    /// <inheritdoc/>
    public void Dispose()
    {
        _isOver = true;
        _thread.Join();
        _device.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!_isOver)
            {
                Span<uint> argument = [3 * sizeof(uint), 0, 0];
                long start = Stopwatch.GetTimestamp();
                LiveUpdateError error = _device.Request(AgentProtocol.Describe, MemoryMarshal.AsBytes(argument));
                long wait = Stopwatch.GetTimestamp() - start;
                if (error != LiveUpdateError.None)
                    throw new InvalidOperationException($"The agent answered with {error}.");
                if (wait > Interlocked.Read(ref _longest))
                    Interlocked.Exchange(ref _longest, wait);
                Thread.Sleep(1);
            }
        }
        catch (Exception exception)
        {
            _failure = exception;
        }
    }
}
