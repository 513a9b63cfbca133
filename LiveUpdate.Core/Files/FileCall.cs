namespace LiveUpdate;

/// <summary>What a callback of a file handler gets and gives back (reference H-07); the contexts are views of it.</summary>
internal struct FileCall
{
    public FileEnvironment Environment;
    public string Session;
    public FileRegistration Registration;
    public string Compatible;
    public object? File;
    public object? State;
    public ulong Token;
    public ulong Data;
    public FileStatus Status;
    public LiveUpdateError Failure;
    public bool CheckDescriptors;
}
