using LiveUpdate.Kho;
using NUnit.Framework.Constraints;

namespace LiveUpdate.Tests.Kho;

/// <summary>Generations on memory of the test.</summary>
internal static class Generations
{
    public const int Page = 4096;

    /// <summary>The folder of the image that was captured from a real kernel.</summary>
    public static string CapturedImage => Path.Combine(TestContext.CurrentContext.TestDirectory, "Fixtures", "images", "three-sessions");

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
        long held = account.ReservedPages + account.TreePages + account.Owners.Sum(owner => owner.Pages) + account.UnrestoredPages;
        Assert.That(account.FreePages + held, Is.EqualTo(account.TotalPages));
    }

    /// <summary>A refusal with an errno.</summary>
    public static IResolveConstraint Refusal(LiveUpdateError error) =>
        Throws.TypeOf<LiveUpdateException>().With.Property(nameof(LiveUpdateException.Error)).EqualTo(error);

    /// <summary>A damaged image, with the errno of the kernel's reader.</summary>
    public static IResolveConstraint Damage(LiveUpdateError error = LiveUpdateError.InvalidArgument) =>
        Throws.TypeOf<LiveUpdateImageException>().With.Property(nameof(LiveUpdateImageException.Error)).EqualTo(error);
}
