namespace LiveUpdate.Kho;

/// <summary>Who holds pages of preserved memory: an entry of the account that <see cref="KexecHandover.GetAccount"/> gives.</summary>
/// <remarks>
/// Make one for each thing whose memory should be told apart, e.g. a session or a handler. An owner belongs to the
/// <see cref="KexecHandover"/> whose pages it holds. Safe for threads.
/// </remarks>
/// <param name="name">The name in the account; two owners may have the same.</param>
public sealed class PageOwner(string name)
{
    private long _pages;

    /// <summary>The name in the account.</summary>
    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));

    /// <summary>How many pages, of 4096 bytes, it holds now.</summary>
    public long Pages => Interlocked.Read(ref _pages);

    internal void Add(long pages) => Interlocked.Add(ref _pages, pages);

    /// <summary>The name and the number of pages.</summary>
    public override string ToString() => $"{Name}: {Pages} pages";
}
