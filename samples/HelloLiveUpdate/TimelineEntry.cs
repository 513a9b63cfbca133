namespace HelloLiveUpdate;

internal readonly record struct TimelineEntry(string Phase, TimeSpan Duration);
