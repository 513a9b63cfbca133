using System.IO.Pipes;

namespace LiveUpdate.TestHost;

/// <summary>A pipe whose one end is preserved and that no exec would have closed, and the other end is not.</summary>
internal sealed class InheritableScenario : Scenario
{
    protected override void Preserve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        var kept = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.Inheritable);
        var lost = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.Inheritable);
        Dictionary<int, string?> descriptors = ListDescriptors();
        string keptLink = descriptors[(int)kept.ClientSafePipeHandle.DangerousGetHandle()]!;
        string lostLink = descriptors[(int)lost.ClientSafePipeHandle.DangerousGetHandle()]!;
        session.Preserve(1, new Note($"{keptLink} {lostLink}", 0));
        session.Preserve(2, kept.ClientSafePipeHandle);
    }

    protected override void Retrieve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        string[] links = session.Retrieve<Note>(1).Text.Split(' ');
        Dictionary<int, string?> descriptors = ListDescriptors();
        Say($"kept {descriptors.Values.Count(link => link == links[0])}, lost {descriptors.Values.Count(link => link == links[1])}");
        Say($"standard streams {descriptors.Keys.Count(number => number < 3)}");
        int inheritable = descriptors.Keys.Count(number => number > 2 && IsInheritable(number));
        Say($"inheritable {inheritable}");
    }
}
