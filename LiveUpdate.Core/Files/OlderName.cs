using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <summary>An older compatible string of a handler, as text and as it lies in a record.</summary>
internal sealed class OlderName(string compatible)
{
    private readonly CompatibleField _field = CompatibleField.Encode(compatible);

    public string Compatible { get; } = compatible;

    public ref readonly CompatibleField Field => ref _field;
}
