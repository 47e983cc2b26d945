using System.Text;
using System.Text.Json.Nodes;

namespace QuantNotebooks.Tests;

/// <summary>Damages bytes and JSON at random; the same random numbers make the same damage.</summary>
internal static class Mutation
{
    private static readonly byte[] Interesting = [0x00, 0x01, 0x03, 0x08, 0x1F, 0x7F, 0x80, 0x8B, 0xFF, (byte)'"', (byte)'{', (byte)'[', (byte)'\\', (byte)'-', (byte)'\n', (byte)'#', (byte)'!'];

    private static readonly string[] Nodes =
        ["null", "true", "0", "-1", "1e308", "-2147483649", "0.5", "\"\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "[]", "{}", "[[[[]]]]", "[null]", "[1,\"a\"]", "{\"\":{}}", "\"../../etc/passwd\"", "\"<script>\""];

    /// <summary>One to three edits: a bit flipped, a byte that means something put in, a piece left out, doubled or inserted.</summary>
    public static byte[] Bytes(byte[] original, Random random)
    {
        var bytes = new List<byte>(original);
        for (var edits = random.Next(1, 4); edits > 0 && bytes.Count > 0; edits--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = Interesting[random.Next(Interesting.Length)]; break;
                case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 17), bytes.Count - at))); break;
                case 4: bytes.Insert(at, (byte)random.Next(256)); break;
                default: bytes.RemoveRange(at, random.Next(8) == 0 ? bytes.Count - at : 1); break;
            }
        }
        return [.. bytes];
    }

    /// <summary>Text with such edits in its UTF-8; now and then it is none any more, and is read as Latin-1.</summary>
    public static string Text(string original, Random random)
    {
        var bytes = Bytes(Encoding.UTF8.GetBytes(original), random);
        return random.Next(4) == 0 ? Encoding.Latin1.GetString(bytes) : Encoding.UTF8.GetString(bytes);
    }

    /// <summary>JSON in which a value is another or left out, or the text itself is damaged.</summary>
    public static string Json(string original, Random random)
    {
        if (random.Next(3) == 0) return Text(original, random);
        var root = JsonNode.Parse(original)!;
        for (var edits = random.Next(1, 3); edits > 0; edits--) Change(root, random);
        return root.ToJsonString();
    }

    private static void Change(JsonNode node, Random random)
    {
        while (true)
        {
            switch (node)
            {
                case JsonObject { Count: > 0 } json:
                    var key = json.ElementAt(random.Next(json.Count)).Key;
                    if (json[key] is JsonObject or JsonArray && random.Next(4) > 0) node = json[key]!;
                    else
                    {
                        if (random.Next(4) == 0) json.Remove(key);
                        else json[key] = Other(json[key], random);
                        return;
                    }
                    break;
                case JsonArray { Count: > 0 } list:
                    var at = random.Next(list.Count);
                    if (list[at] is JsonObject or JsonArray && random.Next(4) > 0) node = list[at]!;
                    else
                    {
                        if (random.Next(4) == 0) list.RemoveAt(at);
                        else list[at] = Other(list[at], random);
                        return;
                    }
                    break;
                default: return;
            }
        }
    }

    private static JsonNode? Other(JsonNode? value, Random random) => value is JsonValue text && text.TryGetValue<string>(out var said) && random.Next(2) == 0
        ? JsonValue.Create(Text(said.Length == 0 ? "x" : said, random)) : JsonNode.Parse(Nodes[random.Next(Nodes.Length)]);
}
