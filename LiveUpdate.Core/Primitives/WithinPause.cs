using System.Runtime.CompilerServices;

namespace LiveUpdate;

/// <summary>
/// How methods are compiled that do their work a file or a page at a time within the pause of an update. A process runs them once: the runtime,
/// which optimizes what has been called thirty times, would come too late.
/// </summary>
internal static class WithinPause
{
    public const MethodImplOptions Compiled = MethodImplOptions.AggressiveOptimization;
}
