using LiveUpdate.Abi;
using LiveUpdate.Kho;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>
/// Chains of blocks, scattered arrays and runs of preserved pages in the layout of the kernel: read, taken over and freed, with the books
/// balanced in the end.
/// </summary>
internal sealed class PreservedMemoryTarget : FuzzTarget
{
    private static readonly PageOwner s_owner = new("reader");

    private readonly byte[] _folio = new byte[MemfdAbi.FolioSize];
    private readonly DamagedMemory _memory = HandedOver.Make(files: 10, static (_, _) => true);

    public override string Name => "preserved-memory";

    public override int MaxLength => DamagedMemory.MaxLength;

    public override int Cost => 8;

    public override IReadOnlyList<byte[]> Seeds => DamagedMemory.Seeds;

    public override string Run(ReadOnlyMemory<byte> input)
    {
        _memory.Damage(input.Span);
        try
        {
            using KexecHandover next = KexecHandover.Attach(_memory.Memory);
            string outcome = ReadImage(next);
            next.Activate();
            CheckBalance(next);
            foreach (PreservedRange range in next.GetAccount().Unrestored)
                Finding.Unless(next.TryRestoreAndFree(range.Address), "What is listed as unrestored can be freed.");
            CheckBalance(next);
            return outcome;
        }
        catch (LiveUpdateImageException)
        {
            return Refused;
        }
    }

    /// <summary>What is allocated, free and reserved is all there is.</summary>
    public static void CheckBalance(KexecHandover kho)
    {
        KhoAccount account = kho.GetAccount();
        long held = account.ReservedPages + account.TreePages + account.Owners.Sum(static owner => owner.Pages) + account.UnrestoredPages;
        Finding.Unless(account.FreePages + held == account.TotalPages, $"The pages add up: {account.FreePages} free, {held} held, {account.TotalPages} in all.");
    }

    protected override void Dispose(bool disposing)
    {
        _memory.Dispose();
        base.Dispose(disposing);
    }

    private string ReadImage(KexecHandover next)
    {
        try
        {
            if (LuoImage.Read(next) is not { } image)
                return "nothing handed over";
            using IncomingBlockSet sessions = IncomingBlockSet.Open(next, image.Root.Sessions, LuoAbi.SessionSize, "session block", s_owner);
            foreach (LuoImageFile file in image.Sessions.SelectMany(static session => session.Files))
            {
                if (file.Memfd is not { } memfd)
                    continue;
                using IncomingVmallocArray array = IncomingVmallocArray.Open(next, memfd.Record.Folios, "folio array", s_owner);
                if (array.Length >= _folio.Length)
                    array.Read(array.Length - _folio.Length, _folio);
            }

            return Read;
        }
        catch (LiveUpdateImageException)
        {
            return "nothing in it read";
        }
    }
}
