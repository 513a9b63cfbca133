using System.Diagnostics;

namespace LiveUpdate.Tests.Agent;

/// <summary>What an agent does on its own once a client is gone: asked for until it is so, and a failure if it never is.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    /// <summary>Waits until something is so.</summary>
    public static async Task DoesAsync(Func<bool> isSo)
    {
        var watch = Stopwatch.StartNew();
        while (!IsSo(isSo))
        {
            if (watch.Elapsed > s_limit)
                Assert.Fail("It never came about.");
            await Task.Delay(5);
        }
    }

    // A descriptor of another test can go while it is looked at.
    private static bool IsSo(Func<bool> isSo)
    {
        try
        {
            return isSo();
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Waits until an operation is refused with this error no longer, and returns what it gives.</summary>
    public static async Task<T> GetAsync<T>(Func<T> operation, LiveUpdateError until)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return operation();
            }
            catch (LiveUpdateException exception) when (exception.Error == until && watch.Elapsed < s_limit)
            {
                await Task.Delay(5);
            }
        }
    }
}
