using MessagePack;

namespace LiveUpdate;

/// <summary>What an <see cref="IStateFormatter{T}"/> needs of the reader that it does not have.</summary>
public static class StateReaderExtensions
{
    /// <summary>How deep objects may lie in one another.</summary>
    public const int MaxDepth = 500;

    /// <summary>
    /// Counts one level of objects in objects. A formatter that calls itself calls this first, and <c>reader.Depth--</c> last: state
    /// without end would be the end of the stack, and of the process.
    /// </summary>
    /// <param name="reader">The reader.</param>
    /// <remarks>As <c>MessagePackSecurity.DepthStep</c>, which a program compiled ahead of time cannot call without a warning.</remarks>
    /// <exception cref="InsufficientExecutionStackException">More than <see cref="MaxDepth"/> levels.</exception>
    public static void DepthStep(this ref MessagePackReader reader)
    {
        if (reader.Depth >= MaxDepth)
            throw new InsufficientExecutionStackException($"The state has objects in objects more than {MaxDepth} levels deep.");
        reader.Depth++;
    }
}
