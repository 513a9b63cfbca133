namespace LiveUpdate.Agent;

/// <summary>The messages of the update socket (docs/agent.md): below 64 the client's, from 64 on the agent's.</summary>
internal enum UpdateMessageKind : byte
{
    Hello = 1,
    Subscribe = 2,
    Ready = 3,
    Refuse = 4,
    Claimed = 5,
    Finished = 6,
    Start = 7,
    Cancel = 8,
    Status = 9,
    Sessions = 10,
    Files = 11,
    Check = 12,
    Watch = 13,
    Load = 14,

    Welcome = 64,
    Done = 65,
    Error = 66,
    Prepare = 67,
    Go = 68,
    CalledOff = 69,
    Updated = 70,
    Over = 71,
    StatusAnswer = 72,
    SessionsAnswer = 73,
    FilesAnswer = 74,
    FindingsAnswer = 75,
    Event = 76,
    Restarted = 77,
}
