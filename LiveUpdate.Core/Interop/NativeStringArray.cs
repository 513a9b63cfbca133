using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Interop;

/// <summary>Strings as C programs get them: pointers to UTF-8 with a NUL each, and a null pointer at the end.</summary>
internal sealed unsafe class NativeStringArray : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Copies strings into native memory.</summary>
    /// <exception cref="ArgumentException">A string holds a NUL, where a C program would see its end.</exception>
    public NativeStringArray(IReadOnlyList<string> strings)
        : base(ownsHandle: true)
    {
        nuint table = (nuint)(strings.Count + 1) * (nuint)sizeof(byte*);
        nuint length = table;
        foreach (string text in strings)
        {
            if (text.Contains('\0', StringComparison.Ordinal))
                throw new ArgumentException($"No argument or environment variable can hold a NUL: \"{text.Replace('\0', '?')}\".");
            length += (nuint)Encoding.UTF8.GetByteCount(text) + 1;
        }

        byte* memory = (byte*)NativeMemory.Alloc(length);
        SetHandle((nint)memory);
        // The block holds the table and, behind it, every string with its NUL: both sizes were added up above from the same strings.
        byte** pointers = (byte**)memory;
        byte* next = memory + table;
        byte* end = memory + length;
        foreach (string text in strings)
        {
            *pointers++ = next;
            next += Encoding.UTF8.GetBytes(text, new Span<byte>(next, (int)(end - next)));
            *next++ = 0;
        }

        *pointers = null;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        // The handle came from Alloc and is released once.
        NativeMemory.Free((void*)handle);
        return true;
    }
}
