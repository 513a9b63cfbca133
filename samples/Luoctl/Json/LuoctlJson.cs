using System.Text.Json.Serialization;

namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>Every JSON object that is written (docs/luoctl.md).</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusJson))]
[JsonSerializable(typeof(SessionsJson))]
[JsonSerializable(typeof(InspectionJson))]
[JsonSerializable(typeof(CheckJson))]
[JsonSerializable(typeof(LoadedJson))]
[JsonSerializable(typeof(CanceledJson))]
[JsonSerializable(typeof(EventJson))]
[JsonSerializable(typeof(ResultJson))]
internal sealed partial class LuoctlJson : JsonSerializerContext;
