using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.Versioning;
using LiveUpdate.Interop;

namespace LiveUpdate;

/// <summary>
/// What the service manager passed to this process: <c>$LISTEN_FDS</c> descriptors from 3 on, their names in <c>$LISTEN_FDNAMES</c>, for
/// the process <c>$LISTEN_PID</c>. Only those with a name of this library are its own; the others are the program's.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class PassedDescriptors
{
    private const string ProcessVariable = "LISTEN_PID";
    private const string CountVariable = "LISTEN_FDS";
    private const string NamesVariable = "LISTEN_FDNAMES";
    private const int First = 3;

    private readonly string[] _names;
    private readonly Func<string, bool> _isOurs;
    private readonly Dictionary<string, List<int>> _ours = new(StringComparer.Ordinal);

    private PassedDescriptors(string[] names, Func<string, bool> isOurs)
    {
        (_names, _isOurs) = (names, isOurs);
        for (int i = 0; i < names.Length; i++)
        {
            if (!isOurs(names[i]))
                continue;
            if (!_ours.TryGetValue(names[i], out List<int>? numbers))
                _ours.Add(names[i], numbers = []);
            numbers.Add(First + i);
        }
    }

    /// <summary>The numbers of this library's descriptors by name.</summary>
    public IReadOnlyDictionary<string, List<int>> Ours => _ours;

    /// <summary>Looks whether the manager passed any of this library's to this process.</summary>
    /// <returns>Null if not; so for a child that inherited the variables.</returns>
    /// <exception cref="LiveUpdateImageException">It says so, and the number of descriptors is not that of the names.</exception>
    public static PassedDescriptors? Find() => Find(StoreName.IsOurs);

    /// <summary>As <see cref="Find()"/>, where other names are ours.</summary>
    public static PassedDescriptors? Find(Func<string, bool> isOurs) => Parse(
        Environment.ProcessId,
        Environment.GetEnvironmentVariable(ProcessVariable),
        Environment.GetEnvironmentVariable(CountVariable),
        Environment.GetEnvironmentVariable(NamesVariable),
        isOurs);

    /// <summary>As <see cref="Find()"/>, for these values.</summary>
    public static PassedDescriptors? Parse(int process, string? forProcess, string? count, string? names, Func<string, bool>? isOurs = null)
    {
        if (names is null || !TryParse(forProcess, out int meant) || meant != process)
            return null;
        var passed = new PassedDescriptors(names.Split(':'), isOurs ?? StoreName.IsOurs);
        if (passed.Ours.Count == 0)
            return null;
        if (TryParse(count, out int number) && number == passed._names.Length)
            return passed;
        throw new LiveUpdateImageException(
            LiveUpdateError.InvalidArgument,
            $"environment variable {CountVariable}",
            PhysicalAddress.None,
            0,
            $"the number of names in {NamesVariable}, {passed._names.Length}",
            $"\"{count}\"");
    }

    /// <summary>The numbers that were passed under a name.</summary>
    public IReadOnlyList<int> Find(string name) => _ours.TryGetValue(name, out List<int>? numbers) ? numbers : [];

    /// <summary>What the list of names becomes without this library's: the others keep their places. Null if there are none.</summary>
    public string? NamesOfOthers()
    {
        string[] rest = [.. _names.Select(name => _isOurs(name) ? StoreName.Taken : name)];
        int length = Array.FindLastIndex(rest, static name => name != StoreName.Taken) + 1;
        return length == 0 ? null : string.Join(':', rest[..length]);
    }

    /// <summary>
    /// Takes this library's names out of the variables, so that neither another boot nor the next image of this process finds them again.
    /// The variables go if nothing else was passed: whoever takes descriptor 3 for an activated socket would get one of this library's.
    /// </summary>
    public void Forget()
    {
        if (NamesOfOthers() is { } names)
        {
            Set(CountVariable, names.Split(':').Length.ToString(CultureInfo.InvariantCulture));
            Set(NamesVariable, names);
            return;
        }

        foreach (string variable in (string[])[ProcessVariable, CountVariable, NamesVariable])
        {
            Environment.SetEnvironmentVariable(variable, null);
            _ = Libc.Unsetenv(variable);
        }
    }

    private static void Set(string variable, string value)
    {
        Environment.SetEnvironmentVariable(variable, value);
        _ = Libc.Setenv(variable, value, overwrite: 1);
    }

    private static bool TryParse([NotNullWhen(true)] string? text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
