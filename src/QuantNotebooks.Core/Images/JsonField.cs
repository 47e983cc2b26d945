using System.Text.Json;
using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>A JSON value that knows where it stands, so that whatever is wrong with it can be said with source and path.</summary>
/// <remarks>The path is like <c>input.size[1]</c>; every method throws <see cref="QuantNotebooksException"/>.</remarks>
internal readonly struct JsonField
{
    private const int LongestQuote = 80;

    private readonly JsonElement _element;
    private readonly string _source;
    private readonly string _path;

    private JsonField(JsonElement element, string source, string path)
    {
        _element = element;
        _source = source;
        _path = path;
    }

    /// <summary>Parses a document and gives its root to a reader.</summary>
    public static T Read<T>(string json, string source, Func<JsonField, T> read)
    {
        using var document = Parse(json, source);
        return read(new JsonField(document.RootElement, source, ""));
    }

    private static JsonDocument Parse(string json, string source)
    {
        if (string.IsNullOrWhiteSpace(json)) throw new QuantNotebooksException($"{source} is empty; a JSON object is wanted.");
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException error)
        {
            var place = error.LineNumber is { } line ? Invariant($" (line {line + 1}, byte {error.BytePositionInLine + 1})") : "";
            throw new QuantNotebooksException($"{source} is not valid JSON{place}: {Reason(error)}", error);
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException)
        {
            // The parser transcodes the text and compares unescaped field names; both fail like this on half a surrogate pair only.
            throw new QuantNotebooksException($"{source} is not valid JSON: it holds half of a surrogate pair.", error);
        }
    }

    /// <summary>Requires an object without other fields than these.</summary>
    public void RequireFields(params ReadOnlySpan<string> known)
    {
        if (_element.ValueKind != JsonValueKind.Object)
            throw WrongType("an object");
        foreach (var property in _element.EnumerateObject())
        {
            var name = property.Name;
            if (known.Contains(name))
                continue;
            throw Error($"is not a known field{Spelling.DidYouMean(name, known, '"')} Known are {string.Join(", ", known)}", PathOf(Shorten(name)));
        }
    }

    /// <summary>A field of an object, or null when it is absent. An explicit null is a value like any other.</summary>
    public JsonField? Optional(string name) =>
        _element.ValueKind != JsonValueKind.Object ? throw WrongType("an object")
        : _element.TryGetProperty(name, out var value) ? new JsonField(value, _source, PathOf(name)) : null;

    /// <summary>A field that an object must have.</summary>
    public JsonField this[string name] => Optional(name) ?? throw Error("is missing", PathOf(name));

    public bool IsNull => _element.ValueKind == JsonValueKind.Null;

    /// <summary>What the document is called in messages.</summary>
    public string Source => _source;

    public bool IsString => _element.ValueKind == JsonValueKind.String;

    public bool IsNumber => _element.ValueKind == JsonValueKind.Number;

    public bool IsArray => _element.ValueKind == JsonValueKind.Array;

    public string AsString() => _element.ValueKind == JsonValueKind.String
        ? Decode()
        : throw WrongType("a string");

    public string AsNonEmptyString() => AsString() is { Length: > 0 } text ? text : throw Error("is empty");

    public bool AsBoolean() => _element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw WrongType("true or false"),
    };

    public int AsInteger() => _element.ValueKind == JsonValueKind.Number && _element.TryGetInt32(out var value)
        ? value
        : throw WrongType("a whole number");

    public double AsNumber() => _element.ValueKind == JsonValueKind.Number && _element.TryGetDouble(out var value) && double.IsFinite(value)
        ? value
        : throw WrongType("a number");

    public ValueList<T> AsList<T>(Func<JsonField, T> read, bool mayBeEmpty = false)
    {
        if (_element.ValueKind != JsonValueKind.Array)
            throw WrongType("an array");
        if (_element.GetArrayLength() == 0 && !mayBeEmpty)
            throw Error("is empty");
        var items = new T[_element.GetArrayLength()];
        var index = 0;
        foreach (var element in _element.EnumerateArray())
        {
            items[index] = read(new JsonField(element, _source, Invariant($"{_path}[{index}]")));
            index++;
        }

        return [.. items];
    }

    /// <summary>An array of exactly so many whole numbers.</summary>
    public ValueList<int> AsIntegers(int count, string meaning)
    {
        if (_element.ValueKind != JsonValueKind.Array || _element.GetArrayLength() != count)
            throw WrongType(Invariant($"an array of {count} whole numbers, {meaning}"));
        return AsList(static item => item.AsInteger());
    }

    /// <summary>One of a few words, as the value that it stands for.</summary>
    public T AsChoice<T>(params ReadOnlySpan<(string Word, T Value)> choices)
    {
        var word = AsString();
        foreach (var choice in choices)
        {
            if (choice.Word == word)
                return choice.Value;
        }

        var words = new string[choices.Length];
        for (var i = 0; i < words.Length; i++)
            words[i] = choices[i].Word;
        throw Error($"is \"{Shorten(word)}\"{Spelling.DidYouMean(word, words, '"')} Known are {string.Join(", ", words)}");
    }

    /// <summary>The error that this field is wrong in a way that only the caller knows.</summary>
    public QuantNotebooksException Error(string problem) => Error(problem, _path);

    private QuantNotebooksException Error(string problem, string path) => new($"{_source}: {(path.Length == 0 ? "the document" : path)} {problem}.");

    private QuantNotebooksException WrongType(string wanted) => Error($"is {Describe()}; it must be {wanted}");

    private string Describe() => _element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => Invariant($"an array of {_element.GetArrayLength()}"),
        JsonValueKind.String => $"the string {Shorten(_element.GetRawText())}",
        JsonValueKind.Number => $"the number {Shorten(_element.GetRawText())}",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };

    private string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    private string Decode()
    {
        try
        {
            return _element.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw new QuantNotebooksException($"{_source}: {_path} holds an escape of half a surrogate pair.", error);
        }
    }

    /// <summary>Makes text fit to be quoted in a message of one line.</summary>
    private static string Shorten(string text)
    {
        var line = string.Concat(text.Take(LongestQuote).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c));
        return text.Length > LongestQuote ? line + "..." : line;
    }

    /// <summary>The exception's message on one line, without the position that System.Text.Json appends to it.</summary>
    private static string Reason(JsonException error)
    {
        var position = error.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return Shorten(position < 0 ? error.Message : error.Message[..position]);
    }
}
