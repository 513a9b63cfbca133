using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace LiveUpdate.Tests.Rewriting;

/// <summary>Ways to break a library on purpose. Each throws when what it is to break is not there, so that no variant is whole unnoticed.</summary>
internal static class Breakage
{
    /// <summary>Makes a method, of whatever parameters, do nothing; it returns 0, false or null if it returns anything.</summary>
    public static void Empty(ModuleDefinition module, string type, string method) => Replace(module, type, method, static _ => { });

    /// <summary>Makes a method, or the getter of a property, do nothing but return that.</summary>
    public static void Return(ModuleDefinition module, string type, string method, bool result) =>
        Replace(module, type, method, code => code.Emit(result ? OpCodes.Ldc_I4_1 : OpCodes.Ldc_I4_0));

    /// <summary>Leaves the calls of one method, which returns nothing, out of another.</summary>
    public static void LeaveOut(ModuleDefinition module, string type, string method, string called)
    {
        int left = 0;
        foreach (MethodDefinition definition in Methods(module, type, method))
        {
            ILProcessor code = definition.Body.GetILProcessor();
            foreach (Instruction call in definition.Body.Instructions.Where(instruction => IsCall(instruction, called)).ToList())
            {
                var target = (MethodReference)call.Operand!;
                if (target.ReturnType.MetadataType != MetadataType.Void)
                    throw new InvalidOperationException($"{target} returns something.");
                for (int argument = target.HasThis ? -1 : 0; argument < target.Parameters.Count; argument++)
                    code.InsertBefore(call, code.Create(OpCodes.Pop));
                code.Replace(call, code.Create(OpCodes.Nop));
                left++;
            }
        }

        if (left == 0)
            throw new InvalidOperationException($"{type}.{method} does not call {called}.");
    }

    /// <summary>Lets a method take a new lock of its own wherever it takes one, so that it excludes nobody.</summary>
    public static void LeaveOutLock(ModuleDefinition module, string type, string method)
    {
        int left = 0;
        foreach (MethodDefinition definition in Methods(module, type, method))
        {
            ILProcessor code = definition.Body.GetILProcessor();
            foreach (Instruction call in definition.Body.Instructions.Where(static instruction => IsCall(instruction, "EnterScope")).ToList())
            {
                TypeReference taken = ((MethodReference)call.Operand!).DeclaringType;
                var constructor = new MethodReference(".ctor", module.TypeSystem.Void, taken) { HasThis = true };
                code.InsertBefore(call, code.Create(OpCodes.Pop));
                code.InsertBefore(call, code.Create(OpCodes.Newobj, constructor));
                left++;
            }
        }

        if (left == 0)
            throw new InvalidOperationException($"{type}.{method} takes no lock.");
    }

    /// <summary>Makes a method go on where it would throw, as if its checks were not there.</summary>
    /// <param name="module">The library.</param>
    /// <param name="type">The type.</param>
    /// <param name="method">A method whose checks are statements: what follows a <c>throw</c> is what comes if the check is passed.</param>
    public static void Forgive(ModuleDefinition module, string type, string method)
    {
        int forgiven = 0;
        foreach (MethodDefinition definition in Methods(module, type, method))
        {
            foreach (Instruction thrown in definition.Body.Instructions.Where(static instruction => instruction.OpCode == OpCodes.Throw))
            {
                thrown.OpCode = OpCodes.Pop;
                forgiven++;
            }
        }

        if (forgiven == 0)
            throw new InvalidOperationException($"{type}.{method} does not throw.");
    }

    private static bool IsCall(Instruction instruction, string called) =>
        (instruction.OpCode == OpCodes.Call || instruction.OpCode == OpCodes.Callvirt) && ((MethodReference)instruction.Operand).Name == called;

    private static void Replace(ModuleDefinition module, string type, string method, Action<ILProcessor> result)
    {
        foreach (MethodDefinition definition in Methods(module, type, method))
        {
            var body = new MethodBody(definition);
            ILProcessor code = body.GetILProcessor();
            result(code);
            if (body.Instructions.Count == 0 && definition.ReturnType.MetadataType != MetadataType.Void)
            {
                var nothing = new VariableDefinition(definition.ReturnType);
                body.Variables.Add(nothing);
                body.InitLocals = true;
                code.Emit(OpCodes.Ldloc, nothing);
            }

            code.Emit(OpCodes.Ret);
            definition.Body = body;
        }
    }

    private static MethodDefinition[] Methods(ModuleDefinition module, string type, string method)
    {
        TypeDefinition owner = module.GetAllTypes().SingleOrDefault(candidate => candidate.FullName == type) ??
            throw new InvalidOperationException($"There is no type {type}.");
        MethodDefinition[] methods = [.. owner.Methods.Where(candidate => candidate.Name == method || candidate.Name == $"get_{method}")];
        return methods.Length > 0 ? methods : throw new InvalidOperationException($"{type} has no method {method}.");
    }
}
