namespace HelloLiveUpdate;

/// <summary>The guest is not what it was before the update.</summary>
internal sealed class LostStateException(string message) : Exception(message);
