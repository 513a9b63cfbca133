using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>
/// What a generation holds at a moment: pages by owner, ids, FLB counts, live files of handlers, travelling descriptors. Equal before and
/// after an operation that failed, or that was undone.
/// </summary>
internal sealed record Held(string Pages, int Ids, int Descriptors, string Flbs, string Handlers)
{
    /// <summary>Takes a snapshot.</summary>
    public static Held By(LiveUpdateEngine engine)
    {
        KhoAccount account = engine.Memory.GetAccount();
        string pages = string.Join(", ", account.Owners.Select(static owner => $"{owner.Name}: {owner.Pages}"));
        return new Held(
            $"{pages}, unrestored: {account.UnrestoredPages}",
            engine.Sessions.Files.Ids.Count,
            engine.Descriptors.Count + engine.Descriptors.IncomingCount,
            string.Join(", ", engine.Flbs.Linked.Select(static flb =>
                $"{flb.Flb.Compatible}: {flb.Outgoing.Files}/{flb.Outgoing.IsHeld}/{flb.Incoming.IsHeld}")),
            string.Join(", ", engine.Handlers.Ordered.Select(static handler => $"{handler.Handler.Compatible}: {handler.LiveFiles}")));
    }
}
