using System.IO.Hashing;
using System.Runtime.InteropServices;
using MessagePack;

namespace HelloLiveUpdate;

/// <summary>One virtual CPU: its registers, and how far it got.</summary>
internal sealed class Vcpu
{
    private const int RegisterCount = 16;
    private const int StoresPerRun = 1000;

    private readonly ulong[] _registers;

    private Vcpu(ulong[] registers, long instructions) => (_registers, Instructions) = (registers, instructions);

    public long Instructions { get; private set; }

    /// <summary>The CPU as it comes out of reset.</summary>
    public static Vcpu Reset(int number)
    {
        var registers = new ulong[RegisterCount];
        for (int i = 0; i < registers.Length; i++)
            registers[i] = (ulong)((number + 1) * RegisterCount) + (ulong)i;
        return new Vcpu(registers, 0);
    }

    public static Vcpu Read(ref MessagePackReader reader)
    {
        long instructions = reader.ReadInt64();
        if (reader.ReadArrayHeader() != RegisterCount)
            throw new MessagePackSerializationException($"A vCPU has {RegisterCount} registers.");
        var registers = new ulong[RegisterCount];
        foreach (ref ulong register in registers.AsSpan())
            register = reader.ReadUInt64();
        return new Vcpu(registers, instructions);
    }

    public static ulong ComputeChecksum(IEnumerable<Vcpu> vcpus)
    {
        var hash = new XxHash3();
        foreach (Vcpu vcpu in vcpus)
        {
            hash.Append(MemoryMarshal.AsBytes(vcpu._registers.AsSpan()));
            hash.Append(BitConverter.GetBytes(vcpu.Instructions));
        }

        return hash.GetCurrentHashAsUInt64();
    }

    public void Write(ref MessagePackWriter writer)
    {
        writer.Write(Instructions);
        writer.WriteArrayHeader(RegisterCount);
        foreach (ulong register in _registers)
            writer.Write(register);
    }

    /// <summary>Computes something and stores it all over RAM.</summary>
    public void Run(GuestRam ram)
    {
        for (int i = 0; i < StoresPerRun; i++)
        {
            ref ulong register = ref _registers[i % RegisterCount];
            register ^= register << 13;
            register ^= register >> 7;
            register ^= register << 17;
            ram.Write(register % ((ulong)ram.Length / sizeof(ulong)) * sizeof(ulong), register);
        }

        Instructions += StoresPerRun * 4;
    }
}
