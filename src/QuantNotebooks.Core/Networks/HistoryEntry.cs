namespace QuantNotebooks.Networks;

/// <summary>One step of what was done to a network: enough to do it again.</summary>
/// <param name="Operation">What was done, for example "load" or "correct-bias iterative".</param>
/// <param name="Settings">With which settings, in words or JSON.</param>
/// <param name="ImagesSha256">Hash of the images that were used, or null where none were.</param>
/// <param name="ParentSha256">Hash of the network it was done to, or null for the file itself.</param>
/// <param name="Tool">Name and version of this library.</param>
public sealed record HistoryEntry(string Operation, string Settings, string? ImagesSha256, string? ParentSha256, string Tool);
