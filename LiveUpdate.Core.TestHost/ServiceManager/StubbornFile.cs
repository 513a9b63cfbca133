namespace LiveUpdate.TestHost.ServiceManager;

/// <summary>A file that cannot be frozen.</summary>
internal sealed class StubbornFile;
