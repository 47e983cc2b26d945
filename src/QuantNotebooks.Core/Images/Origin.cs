namespace QuantNotebooks.Images;

/// <summary>
/// Where a description was read, for error messages only: all origins are equal, so that it does not matter when descriptions are
/// compared.
/// </summary>
internal readonly record struct Origin(string? Name)
{
    public bool Equals(Origin other) => true;

    public override int GetHashCode() => 0;
}
