using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

/// <summary>Tests that begin with an active generation on memory of their own.</summary>
public abstract class ActiveGenerationFixture(long bytes)
{
    private protected PageOwner Owner { get; private set; } = null!;

    private protected KhoMemory Region { get; private set; } = null!;

    private protected KexecHandover Active { get; set; } = null!;

    [SetUp]
    public void Boot()
    {
        Owner = new PageOwner("test");
        Region = KhoMemory.Allocate(bytes);
        Active = Generations.Cold(Region);
    }

    [TearDown]
    public void End()
    {
        Active.Dispose();
        Region.Dispose();
    }
}
