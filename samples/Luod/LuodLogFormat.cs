namespace LiveUpdate.Samples.Luod;

/// <summary>How messages are written to standard error.</summary>
internal enum LuodLogFormat
{
    /// <summary>A line each, for people.</summary>
    Text,

    /// <summary>A JSON object each.</summary>
    Json,

    /// <summary>A line each with the priority that the journal reads.</summary>
    Systemd,
}
