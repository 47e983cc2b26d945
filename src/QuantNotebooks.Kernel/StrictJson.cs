using System.Text.Json;
using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel;

/// <summary>Reads JSON from elsewhere so that all that can be wrong with it is found at once, and not when somebody first looks into a part of it.</summary>
internal static class StrictJson
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

    /// <summary>Parses a document.</summary>
    /// <exception cref="JsonException">It is no JSON; or, then without a line, an object has a key twice or a string holds half of a surrogate pair.</exception>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            RequireText(utf8);
            return JsonNode.Parse(utf8, null, Options);
        }
        catch (JsonException error) when (error.LineNumber is null)
        {
            throw new JsonException("a JSON object in it has the same key twice", error);
        }
        catch (InvalidOperationException error)
        {
            throw new JsonException("a string in it holds half of a surrogate pair", error);
        }
    }

    // Parsing leaves strings as they are written; those with an escape can turn out to be none.
    private static void RequireText(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8);
        while (reader.Read())
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped) reader.GetString();
    }
}
