using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace QuantNotebooks.Kernel.Tests.Packages;

/// <summary>The reference of a package as Markdown, from its XML documentation.</summary>
internal static partial class ApiReference
{
    public static string Of(string package, PublicApi api)
    {
        var text = new StringBuilder($"# {package}\n\nWritten from the documentation in the code; not to be changed by hand.\n");
        foreach (var group in api.Types.GroupBy(type => type.ContainingNamespace.ToDisplayString()))
        {
            text.Append($"\n## {group.Key}\n");
            foreach (var type in group) Append(text, type);
        }
        return text.ToString();
    }

    /// <summary>The C# of the samples in the documentation.</summary>
    public static IEnumerable<string> Samples(PublicApi api) => api.Types.SelectMany(type => PublicApi.MembersOf(type).Prepend(type))
        .SelectMany(symbol => Documentation(symbol)?.Descendants("code") ?? []).Where(code => code.Attribute("lang") is null).Select(code => code.Value.Trim());

    private static void Append(StringBuilder text, INamedTypeSymbol type)
    {
        text.Append($"\n### {type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)}\n\n`{PublicApi.Signature(type)}`\n");
        AppendParts(text, type, "\n", "\n");
        text.Append('\n');
        foreach (var member in PublicApi.MembersOf(type))
        {
            text.Append($"- `{PublicApi.Signature(member)}`");
            AppendParts(text, member, ": ", "");
            text.Append('\n');
        }
    }

    private static void AppendParts(StringBuilder text, ISymbol symbol, string before, string after)
    {
        if (Documentation(symbol) is not { } xml) return;
        List<string> parts = [];
        if (xml.Element("summary") is { } summary) parts.Add(Text(summary));
        if (xml.Element("remarks") is { } remarks) parts.Add(Text(remarks));
        parts.AddRange(xml.Elements("param").Concat(xml.Elements("typeparam")).Select(parameter => $"*{parameter.Attribute("name")?.Value}*: {Text(parameter)}"));
        if (xml.Element("returns") is { } returns) parts.Add($"Returns: {Text(returns)}");
        parts.AddRange(xml.Elements("exception").Select(exception => $"Throws `{Name(exception.Attribute("cref")?.Value ?? "")}`: {Text(exception)}"));
        if (parts.Count > 0) text.Append(before).Append(string.Join(' ', parts)).Append(after);
    }

    private static XElement? Documentation(ISymbol symbol) =>
        symbol.GetDocumentationCommentXml() is { Length: > 0 } xml ? XElement.Parse(xml.TrimStart().StartsWith('<') && xml.Contains("<member", StringComparison.Ordinal) ? xml : $"<doc>{xml}</doc>") : null;

    private static string Text(XElement element) => Spaces().Replace(string.Concat(element.Nodes().Select(Inline)), " ").Trim();

    private static string Inline(XNode node) => node switch
    {
        XText plain => plain.Value.Replace("<", "\\<", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal),
        XElement { Name.LocalName: "see" or "seealso" } see => $"`{see.Attribute("langword")?.Value ?? Name(see.Attribute("cref")?.Value ?? "")}`",
        XElement { Name.LocalName: "paramref" or "typeparamref" } parameter => $"*{parameter.Attribute("name")?.Value}*",
        XElement { Name.LocalName: "c" or "code" } code => $"`{code.Value.Trim()}`",
        XElement other => $" {Text(other)} ",
        _ => "",
    };

    // "M:A.B.C(D)" is called "B.C" where it is a member and "B" where it is a type.
    private static string Name(string cref)
    {
        var parts = cref.Split('(')[0].Split(':')[^1].Split('.');
        var name = cref.StartsWith("T:", StringComparison.Ordinal) || parts.Length < 2 ? parts[^1] : $"{parts[^2]}.{parts[^1]}";
        return Arity().Replace(name, "");
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"`+\d+")]
    private static partial Regex Arity();
}
