namespace ZeroDowntimeServer.Driving;

/// <summary>What the driver does.</summary>
/// <param name="Updates">How often the server is updated.</param>
/// <param name="Connections">How many connections ask all the time.</param>
/// <param name="FailEvery">After how many updates one is tried whose successor fails on purpose; 0 for never.</param>
internal sealed record DrivePlan(int Updates, int Connections, int FailEvery);
