using System.CodeDom.Compiler;
using System.Runtime.InteropServices;
using LiveUpdate.Interop;
using LiveUpdate.TestHost.Faults;
using Microsoft.Win32.SafeHandles;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace LiveUpdate.Tests.Rewriting;

/// <summary>Lets every system call of a copy of the library ask <see cref="CallFaults"/> first whether it is to fail.</summary>
internal static class FaultyCalls
{
    private const string Wrappers = "LiveUpdate.Interop.Libc";

    // These return the errno itself.
    private static readonly string[] s_returnErrno = ["PosixSpawn", "Spawn"];

    /// <summary>Rewrites a library.</summary>
    public static void Instrument(ModuleDefinition module)
    {
        MethodDefinition[] calls = [.. module.GetType(Wrappers).Methods.Where(IsCall)];
        if (calls.Length < 20)
            throw new InvalidOperationException($"Only {calls.Length} system calls were found.");
        foreach (MethodDefinition call in calls)
            Instrument(module, call);
    }

    private static bool IsCall(MethodDefinition method) =>
        method.HasBody && !method.Name.EndsWith("Destroy", StringComparison.Ordinal) &&
        method.CustomAttributes.Any(static attribute => attribute.AttributeType.Name == nameof(GeneratedCodeAttribute));

    private static void Instrument(ModuleDefinition module, MethodDefinition call)
    {
        var errno = new VariableDefinition(module.TypeSystem.Int32);
        call.Body.Variables.Add(errno);
        Instruction first = call.Body.Instructions[0];
        ILProcessor code = call.Body.GetILProcessor();
        List<Instruction> begin =
        [
            .. Question(module, code, call),
            code.Create(OpCodes.Stloc, errno),
            code.Create(OpCodes.Ldloc, errno),
            code.Create(OpCodes.Brfalse, first),
            code.Create(OpCodes.Ldloc, errno),
        ];
        if (!s_returnErrno.Any(call.Name.StartsWith))
        {
            begin.Add(code.Create(OpCodes.Call, module.ImportReference(typeof(Marshal).GetMethod(nameof(Marshal.SetLastPInvokeError)))));
            begin.AddRange(Failure(module, code, call.ReturnType));
        }

        begin.Add(code.Create(OpCodes.Ret));
        foreach (Instruction instruction in begin)
            code.InsertBefore(first, instruction);
    }

    private static Instruction[] Question(ModuleDefinition module, ILProcessor code, MethodDefinition call) => call.Name == nameof(Libc.Fcntl)
        ? [code.Create(OpCodes.Ldarg_1), Call(module, code, nameof(CallFaults.ErrnoOfFcntl))]
        : [code.Create(OpCodes.Ldstr, call.Name), Call(module, code, nameof(CallFaults.ErrnoOf))];

    private static Instruction Call(ModuleDefinition module, ILProcessor code, string question) =>
        code.Create(OpCodes.Call, module.ImportReference(typeof(CallFaults).GetMethod(question)));

    private static IEnumerable<Instruction> Failure(ModuleDefinition module, ILProcessor code, TypeReference type)
    {
        yield return code.Create(OpCodes.Ldc_I4_M1);
        switch (type.Name)
        {
            case nameof(Int32):
                break;
            case nameof(Int64):
                yield return code.Create(OpCodes.Conv_I8);
                break;
            case nameof(IntPtr):
                yield return code.Create(OpCodes.Conv_I);
                break;
            case nameof(SafeFileHandle):
                yield return code.Create(OpCodes.Conv_I);
                yield return code.Create(OpCodes.Ldc_I4_1);
                yield return code.Create(OpCodes.Newobj, module.ImportReference(typeof(SafeFileHandle).GetConstructor([typeof(nint), typeof(bool)])));
                break;
            default:
                throw new InvalidOperationException($"How does a call fail that returns {type}?");
        }
    }
}
