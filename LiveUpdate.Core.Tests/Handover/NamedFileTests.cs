namespace LiveUpdate.Tests.Handover;

/// <summary>Names of files over the boundary of a process.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
public sealed class NamedFileTests
{
    [Test]
    public void A_successor_lists_names_before_it_retrieves_and_what_nobody_claims_is_closed_and_reported()
    {
        (int exitCode, string[] lines, string[] errors) = HostFamily.Run("named");
        Assert.That(errors, Is.Empty);
        Assert.That(lines.Where(static line => !line.StartsWith("Warning", StringComparison.Ordinal)), Is.EqualTo((string[])
        [
            "arrived 5, eventfds 5",
            "console holds 12, eventfds 6",
            "first: 0x1 disk Listed, 0x2 console Listed, 0x3 - Listed",
            "handed over 5 files, 5 descriptors",
            "left 0, eventfds 0",
            "second: 0x1 console Listed, 0x7 größe Listed",
        ]));
        Assert.That(lines, Has.One.Contains("Session first was finished with 2 files that nobody retrieved").And.One.Contains(
            "1 descriptors that arrived were claimed by no file, and are closed"));
        Assert.That(exitCode, Is.Zero);
    }
}
