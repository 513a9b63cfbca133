using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

/// <summary>Generations on memory of the test.</summary>
internal static class Generations
{
    public const int Page = 4096;

    /// <summary>A cold, active generation.</summary>
    public static KexecHandover Cold(KhoMemory memory)
    {
        KexecHandover kho = KexecHandover.Attach(memory);
        kho.Activate();
        return kho;
    }

    /// <summary>Hands over in the process: the next generation, active.</summary>
    public static KexecHandover Next(KexecHandover kho)
    {
        KexecHandover next = Pending(kho);
        next.Activate();
        return next;
    }

    /// <summary>The next generation, before the commit.</summary>
    public static KexecHandover Pending(KexecHandover kho)
    {
        kho.WriteHandover();
        return KexecHandover.Attach(kho.Memory);
    }

    /// <summary>What is allocated and free and reserved must be all there is.</summary>
    public static void AssertBalanced(KexecHandover kho)
    {
        KhoAccount account = kho.GetAccount();
        Assert.That(
            account.FreePages + account.ReservedPages + account.TreePages + account.Owners.Sum(owner => owner.Pages) + account.UnrestoredPages,
            Is.EqualTo(account.TotalPages));
    }
}
