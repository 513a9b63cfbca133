using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>The conformance scenarios that a process cannot show, each with the reason; and the test that no other is left out.</summary>
public partial class ScenariosNotShown
{
    /// <summary>What only a kernel can do.</summary>
    private static readonly Dictionary<int, string> s_reasons = new()
    {
        [178] = "No process can freeze the size of a memfd that others have open (M-16); it is carried as it is when it is handed over.",
    };

    /// <summary>The numbers that part 7 of the reference lists, by section.</summary>
    private static readonly (string Section, int First, int Last)[] s_sections =
    [
        ("7.1", 1, 15),
        ("7.2", 20, 47),
        ("7.3", 50, 70),
        ("7.4", 80, 96),
        ("7.5", 100, 114),
        ("7.6", 120, 139),
        ("7.7", 140, 166),
        ("7.8", 170, 191),
        ("7.9", 200, 208),
    ];

    [Test]
    public void EveryScenarioIsCovered()
    {
        int[] listed = [.. s_sections.SelectMany(static section => Enumerable.Range(section.First, section.Last - section.First + 1))];
        int[] shown = [.. TestedNumbers().Order()];
        Assert.That(shown, Is.Unique, "a number has one test");
        Assert.That(shown.Intersect(s_reasons.Keys), Is.Empty, "shown, and said not to be");
        Assert.That(shown.Concat(s_reasons.Keys).Order(), Is.EqualTo(listed));
    }

    private static IEnumerable<int> TestedNumbers() =>
        from type in typeof(ScenariosNotShown).Assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        where method.IsDefined(typeof(TestAttribute)) || method.IsDefined(typeof(TestCaseAttribute))
        let match = Number().Match(method.Name)
        where match.Success
        select int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^T_(\d{3})_")]
    private static partial Regex Number();
}
