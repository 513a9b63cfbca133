using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;

namespace LiveUpdate;

/// <summary>Hands any descriptor to the next process: files, pipes, sockets, eventfds, timers and most others.</summary>
/// <remarks>
/// <para>It takes every descriptor, so it should be registered after handlers that know more of theirs. What does not work in another
/// process is refused when it is preserved: EOPNOTSUPP, and the message names the kind. See <c>docs/what-survives.md</c>. Nothing is asked
/// of the kernel within the pause.</para>
/// <para>The same open file description arrives: position, status flags and locks of the description are kept; close-on-exec is set on
/// every retrieved descriptor (reference U-20).</para>
/// <para>Safe for threads. One handler may serve several orchestrators.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class DescriptorHandler : FileHandler<SafeHandle>
{
    /// <summary>The compatible string of the handler.</summary>
    public const string CompatibleString = "descriptor-v1";

    private readonly Func<SafeHandle, bool> _takes = DescriptorInfo.IsOpen;

    /// <summary>Makes a handler.</summary>
    public DescriptorHandler()
        : base(CompatibleString)
    {
    }

    /// <summary>Makes a handler for some descriptors.</summary>
    /// <param name="compatible">Its compatible string.</param>
    /// <param name="takes">Which it takes.</param>
    internal DescriptorHandler(string compatible, Func<SafeHandle, bool> takes)
        : base(compatible) => _takes = takes;

    /// <inheritdoc/>
    protected override bool CanPreserve(SafeHandle file) => _takes(file);

    /// <inheritdoc/>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP: a kind that does not work in another process.</exception>
    protected override void Preserve(ref PreserveContext<SafeHandle> context)
    {
        DescriptorKind.ThrowIfBoundToProcess(context.File);
        context.Data = new DataHandle((ulong)context.Descriptors.Add(context.File));
    }

    /// <inheritdoc/>
    protected override void Unpreserve(in FileContext<SafeHandle> context) => context.Descriptors.Remove((int)context.Data.Value);

    /// <inheritdoc/>
    [MethodImpl(WithinPause.Compiled)]
    protected override void Verify(in VerifyContext context)
    {
        if (context.Data.Value > int.MaxValue || !context.Descriptors.Contains((int)context.Data.Value))
            throw NoSuchSlot(context.Data);
    }

    /// <inheritdoc/>
    protected override SafeHandle Retrieve(ref RetrieveContext context) =>
        context.Data.Value <= int.MaxValue ? context.Descriptors.Take((int)context.Data.Value) : throw NoSuchSlot(context.Data);

    /// <inheritdoc/>
    protected override void Finish(in FinishContext<SafeHandle> context)
    {
        if (context.Status == FileStatus.Listed && context.Data.Value <= int.MaxValue)
            context.Descriptors.Release((int)context.Data.Value);
    }

    private static LiveUpdateImageException NoSuchSlot(DataHandle data) => new(
        LiveUpdateError.InvalidArgument,
        "data handle of a descriptor",
        PhysicalAddress.None,
        0,
        "the slot of a descriptor that arrived",
        data.ToString());
}
