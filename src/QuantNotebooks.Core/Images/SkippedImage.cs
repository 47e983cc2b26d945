namespace QuantNotebooks.Images;

/// <summary>An image that was left out of a set because it cannot be decoded.</summary>
/// <param name="Name">Its file within the set.</param>
/// <param name="Reason">Why, in one line that names the file.</param>
public sealed record SkippedImage(string Name, string Reason);
