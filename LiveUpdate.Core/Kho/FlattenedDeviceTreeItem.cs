namespace LiveUpdate.Kho;

/// <summary>What a <see cref="FlattenedDeviceTreeReader"/> has come to.</summary>
internal enum FlattenedDeviceTreeItem
{
    /// <summary>Nothing yet, or the end of the tree.</summary>
    None,

    /// <summary>A node begins.</summary>
    BeginNode,

    /// <summary>A property of the current node.</summary>
    Property,

    /// <summary>The current node ends.</summary>
    EndNode,
}
