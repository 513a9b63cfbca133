using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using LiveUpdate;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

[assembly: SupportedOSPlatform("linux")]

int files = int.Parse(args[1], CultureInfo.InvariantCulture);
long ram = long.Parse(args[2], CultureInfo.InvariantCulture) << 20;
ulong rounds = ulong.Parse(args[3], CultureInfo.InvariantCulture);

var options = new LiveUpdateOptions { Handlers = { new MemfdHandler() }, MemorySize = 64L << 20 };
using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(options);
using LiveUpdateDevice device = luo.OpenDevice();
var held = new SafeFileHandle[files + 1];
const int Group = 2000;
if (luo.PreviousUpdate is { } update)
{
    long retrieved = 0;
    for (int first = 0; first <= files; first += Group)
    {
        using Session incoming = device.RetrieveSession($"vm-{first}");
        for (int i = first; i <= files && i < first + Group; i++)
        {
            held[i] = incoming.Retrieve<SafeFileHandle>((ulong)i);
            if (i == 0)
                retrieved = Stopwatch.GetTimestamp();
        }

        incoming.Finish();
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"pause {(retrieved - update.FrozenAt) / 1000.0:F1} us; {string.Join(", ", update.Phases.Select(p => $"{p.Name} {p.Duration.TotalMicroseconds:F1}"))}"));
    if (luo.UpdateNumber == rounds)
        return;
}
else
{
    KhoMemory memory = KhoMemory.CreateShared(ram, "ram");
    for (long offset = 0; offset < ram; offset += 4096)
        memory.GetSpan(new PhysicalAddress(memory.Base.Value + (ulong)offset), 1)[0] = 1;
    held[0] = memory.SharedFile!;
    for (int i = 1; i <= files; i++)
        held[i] = KhoMemory.CreateShared(4096, "file").SharedFile!;
}

for (int first = 0; first <= files; first += Group)
{
    Session session = device.CreateSession($"vm-{first}");
    for (int i = first; i <= files && i < first + Group; i++)
        session.Preserve((ulong)i, held[i]);
}

LiveUpdateReport report = luo.HandOver(args[0] == "exec" ? HandoverTarget.Exec() : HandoverTarget.Successor());
Console.WriteLine(string.Join(", ", report.Phases.Select(p => $"{p.Name} {p.Duration.TotalMicroseconds:F1}")));
