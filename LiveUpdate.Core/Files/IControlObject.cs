namespace LiveUpdate;

/// <summary>The device and the sessions themselves, which no handler is ever asked about (reference F-04).</summary>
internal interface IControlObject;
