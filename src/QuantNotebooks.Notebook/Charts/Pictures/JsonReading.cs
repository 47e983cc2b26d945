using System.Globalization;
using System.Text.Json;

namespace QuantNotebooks.Notebook.Charts.Pictures;

/// <summary>Reading a figure whose attributes are all optional.</summary>
internal static class JsonReading
{
    /// <summary>The attribute, or an undefined element.</summary>
    public static JsonElement Child(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var child) ? child : default;

    /// <summary>The elements of an array; the element itself where it is one value; none where it is undefined.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray(),
        JsonValueKind.Undefined or JsonValueKind.Null => [],
        _ => [element],
    };

    /// <summary>The text of a string, number or truth value; null for anything else.</summary>
    public static string? Text(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.GetDouble().ToString(CultureInfo.InvariantCulture),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    /// <summary>The number, or null.</summary>
    public static double? Number(this JsonElement element) => element.ValueKind == JsonValueKind.Number ? element.GetDouble() : null;

    /// <summary>The attribute of one point: an array's element, or the value that all points share.</summary>
    public static JsonElement At(this JsonElement element, int index) => element.ValueKind != JsonValueKind.Array
        ? element
        : index < element.GetArrayLength() ? element[index] : default;
}
