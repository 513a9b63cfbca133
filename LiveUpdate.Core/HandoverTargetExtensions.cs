namespace LiveUpdate;

/// <summary>The targets that need what only the façade knows.</summary>
public static class HandoverTargetExtensions
{
    extension(HandoverTarget)
    {
        /// <summary>A generation change within the process: for tests, and for systems other than Linux.</summary>
        /// <param name="nextOptions">How the next generation boots; its memory is this generation's.</param>
        /// <exception cref="ArgumentNullException"><paramref name="nextOptions"/> is null.</exception>
        public static InProcessTarget InProcess(LiveUpdateOptions nextOptions)
        {
            ArgumentNullException.ThrowIfNull(nextOptions);
            return new InProcessTarget(nextOptions);
        }
    }
}
