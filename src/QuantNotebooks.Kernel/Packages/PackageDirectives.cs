using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using QuantNotebooks.Kernel.Scripting;

namespace QuantNotebooks.Kernel.Packages;

/// <summary>A NuGet package that a cell asks for.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="Version">A version or range as NuGet writes it; "*" for the latest.</param>
internal sealed record PackageRequest(string Id, string Version);

/// <summary>The lines <c>#r "nuget: Id, Version"</c> and <c>#i "nuget: source"</c> of some C#.</summary>
/// <param name="Code">The C# with empty lines in their place.</param>
/// <param name="Packages">What is asked for.</param>
/// <param name="Sources">Where to look besides the machine's usual sources.</param>
/// <param name="Line">The line of the first request, from 1; 0 where there is none.</param>
internal sealed partial record PackageDirectives(string Code, IReadOnlyList<PackageRequest> Packages, IReadOnlyList<string> Sources, int Line)
{
    /// <summary>Finds the directives; such lines inside of strings and comments are none.</summary>
    public static PackageDirectives Of(string code)
    {
        if (!code.Contains("nuget:", StringComparison.OrdinalIgnoreCase)) return new PackageDirectives(code, [], [], 0);
        var packages = new List<PackageRequest>();
        var sources = new List<string>();
        var firstLine = 0;
        var root = CSharpSyntaxTree.ParseText(code, CellSyntax.ParseOptions).GetRoot();
        var text = code.ToCharArray();
        foreach (var directive in root.DescendantTrivia().Select(trivia => trivia.GetStructure()).OfType<DirectiveTriviaSyntax>().Where(directive => directive.IsActive))
        {
            var start = directive.HashToken.SpanStart;
            var end = code.IndexOf('\n', start) is var found and >= 0 ? found : code.Length;
            if (DirectiveLine().Match(code[start..end]) is not { Success: true } line) continue;
            if (line.Groups["kind"].Value == "i") sources.Add(line.Groups["name"].Value.Trim());
            else
            {
                if (packages.Count == 0) firstLine = code.AsSpan(0, start).Count('\n') + 1;
                packages.Add(new PackageRequest(line.Groups["name"].Value.Trim(), line.Groups["version"] is { Success: true } version ? version.Value.Trim() : "*"));
            }
            text.AsSpan(start, end - start).Fill(' ');
        }
        return new PackageDirectives(new string(text), packages, sources, firstLine);
    }

    [GeneratedRegex("""^#(?<kind>r|i)\s+"nuget:\s*(?<name>[^,"]+?)\s*(?:,\s*(?<version>[^"]+?)\s*)?"\s*$""", RegexOptions.IgnoreCase)]
    private static partial Regex DirectiveLine();
}
