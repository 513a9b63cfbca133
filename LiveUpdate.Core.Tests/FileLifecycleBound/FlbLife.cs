using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.FileLifecycleBound;

/// <summary>
/// The handlers and FLBs of reference 7.7 in a first generation: H1 linked to A and B, H2 to B and C; H3 linked to A alone.
/// </summary>
internal sealed class FlbLife : IDisposable
{
    public FlbLife(CallbackLog log)
    {
        (A, B, C) = (new RecordingFlb(log, "A"), new RecordingFlb(log, "B"), new RecordingFlb(log, "C"));
        H1 = new RecordingHandler(log, "h1") { Kind = "H1" }.DependingOn(A, B);
        H2 = new RecordingHandler(log, "h2") { Kind = "H2" }.DependingOn(B, C);
        H3 = new RecordingHandler(log, "h3") { Kind = "H3" }.DependingOn(A);
        First = Generation.Boot(H1, H2, H3);
    }

    public RecordingFlb A { get; }

    public RecordingFlb B { get; }

    public RecordingFlb C { get; }

    public RecordingHandler H1 { get; }

    public RecordingHandler H2 { get; }

    public RecordingHandler H3 { get; }

    public Generation First { get; }

    /// <summary>T-142: files 1 and 2 of H1 and 3 of H2 in session s; then U.</summary>
    public Generation UpdateWithThreeFiles()
    {
        Session session = First.Create("s");
        session.Preserve(1, new TestFile(1, "H1"));
        session.Preserve(2, new TestFile(2, "H1"));
        session.Preserve(3, new TestFile(3, "H2"));
        return First.Update();
    }

    public void Dispose() => First.Dispose();
}
