using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate;

/// <summary>The user's receiver of progress, whose failures stay its own: watching an update must not call it off.</summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever a receiver throws.")]
internal sealed class GuardedProgress(IProgress<LiveUpdateProgress> progress) : IProgress<LiveUpdateProgress>
{
    /// <inheritdoc/>
    public void Report(LiveUpdateProgress value)
    {
        try
        {
            progress.Report(value);
        }
        catch (Exception)
        {
        }
    }
}
