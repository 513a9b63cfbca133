using LiveUpdate.Abi;

namespace LiveUpdate;

/// <summary>Whether a successor can take over what is preserved, and in which form it wants it.</summary>
internal static class SuccessorPreflight
{
    /// <summary>
    /// Checks formats, the compatible string of every preserved file, and every FLB that files hold; chooses an older string where the
    /// successor
    /// knows only that. An FLB has no freeze (reference F-40), so it cannot be written in an older form.
    /// </summary>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP: other formats. ENOENT: with the list of what the successor cannot
    /// retrieve.</exception>
    public static void Check(LiveUpdateEngine engine, SuccessorHello hello)
    {
        if (hello.Luo != LuoAbi.Compatible || hello.Kho != KhoAbi.Compatible || hello.Core != LuoCoreSer.CurrentVersion)
        {
            throw Refusal.Create(
                LiveUpdateError.NotSupported,
                "hand over",
                $"The successor reads {hello.Luo}, {hello.Kho} and core record {hello.Core}; this process writes " +
                $"{LuoAbi.Compatible}, {KhoAbi.Compatible} and {LuoCoreSer.CurrentVersion}.");
        }

        var missing = new List<string>();
        engine.Handlers.Lock.EnterShared();
        try
        {
            foreach (FileRegistration registration in engine.Handlers.Ordered)
            {
                registration.WriteAs = null;
                if (!hello.Files.Contains(registration.Handler.Compatible) && !TryChooseOlder(registration, hello) && registration.OutgoingFiles > 0)
                    missing.Add($"handler \"{registration.Handler.Compatible}\" ({registration.OutgoingFiles} files)");
            }

            foreach (FlbRegistration flb in engine.Flbs.Linked)
            {
                if (flb.Outgoing.Files > 0 && !hello.Flbs.Contains(flb.Flb.Compatible))
                    missing.Add($"FLB \"{flb.Flb.Compatible}\" ({flb.Outgoing.Files} files)");
            }
        }
        finally
        {
            engine.Handlers.Lock.ExitShared();
        }

        if (missing.Count > 0)
            throw Refusal.Create(LiveUpdateError.NotFound, "hand over", $"The successor cannot retrieve: {string.Join(", ", missing)}.");
    }

    /// <summary>Forgets the choice of older strings, after the hand-over was called off and everything is unfrozen.</summary>
    public static void Forget(LiveUpdateEngine engine)
    {
        engine.Handlers.Lock.EnterShared();
        try
        {
            foreach (FileRegistration registration in engine.Handlers.Ordered)
                registration.WriteAs = null;
        }
        finally
        {
            engine.Handlers.Lock.ExitShared();
        }
    }

    private static bool TryChooseOlder(FileRegistration registration, SuccessorHello hello)
    {
        string? older = registration.Handler.WritesAlso.FirstOrDefault(hello.Files.Contains);
        registration.WriteAs = older is null ? null : new OlderName(older);
        return older is not null;
    }
}
