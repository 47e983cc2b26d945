using System.Text.RegularExpressions;

namespace QuantNotebooks.Kernel.Tests.Notebooks;

/// <summary>What a text would load from a network when it is shown. Links that a reader must click are none of it.</summary>
internal static partial class NetworkUse
{
    /// <summary>The places of a page, or of a piece of one, that load from a network; plotly.js holds addresses that our charts don't use and is left out.</summary>
    public static IReadOnlyList<string> InHtml(string html)
    {
        var scripts = ScriptBody().Matches(html).Select(match => match.Groups[1].Value).Where(script => script.Length < 1_000_000);
        var markup = ScriptBody().Replace(html, match => match.Value.Replace(match.Groups[1].Value, "", StringComparison.Ordinal));
        return [.. Attribute().Matches(markup).Select(Text), .. Style().Matches(markup).Select(Text), .. scripts.SelectMany(script => Address().Matches(script)).Select(Text)];
    }

    /// <summary>The places of a Markdown text that load from a network.</summary>
    public static IReadOnlyList<string> InMarkdown(string markdown)
    {
        var elsewhere = Definition().Matches(markdown).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return
        [
            .. InHtml(markdown), .. Picture().Matches(markdown).Select(Text),
            .. PictureByName().Matches(markdown).Where(match => elsewhere.Contains(match.Groups["name"].Length > 0 ? match.Groups["name"].Value : match.Groups["text"].Value)).Select(Text),
        ];
    }

    private static string Text(Match match) => match.Value.Length > 200 ? match.Value[^200..] : match.Value;

    [GeneratedRegex("<script[^>]*>(.+?)</script", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex ScriptBody();

    [GeneratedRegex("""<(?!a\s)[a-z][^>]*[\s:](?:(?:src|href|data|poster|background|action)\s*=\s*["']?\s*|srcset\s*=\s*["'](?:[^"'>]*[\s,])?)(?:https?:)?//""", RegexOptions.IgnoreCase)]
    private static partial Regex Attribute();

    [GeneratedRegex("""(?:url\(|@import)\s*["']?\s*(?:https?:)?//""", RegexOptions.IgnoreCase)]
    private static partial Regex Style();

    [GeneratedRegex("""["'`](?:https?|wss?)://(?!www\.w3\.org/)[^"'`]*""", RegexOptions.IgnoreCase)]
    private static partial Regex Address();

    [GeneratedRegex(@"!\[[^\]]*\]\(\s*<?(?:https?:)?//[^)]*", RegexOptions.IgnoreCase)]
    private static partial Regex Picture();

    [GeneratedRegex(@"!\[(?<text>[^\]]*)\](?:\[(?<name>[^\]]*)\])?(?!\()")]
    private static partial Regex PictureByName();

    [GeneratedRegex(@"^ {0,3}\[([^\]]+)\]:\s*<?(?:https?:)?//", RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex Definition();
}
