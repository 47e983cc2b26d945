using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>What the engine must know of a cell before it compiles it.</summary>
internal static class CellSyntax
{
    /// <summary>How cells are parsed.</summary>
    public static CSharpParseOptions ParseOptions { get; } =
        CSharpParseOptions.Default.WithKind(SourceCodeKind.Script).WithLanguageVersion(LanguageVersion.Latest);

    /// <summary>Whether a word can name a variable.</summary>
    public static bool IsVariableName(string word) => SyntaxFacts.IsValidIdentifier(word) && SyntaxFacts.GetKeywordKind(word) == SyntaxKind.None && word != "_";

    /// <summary>Lines that the C# script language would misread, as errors.</summary>
    public static IReadOnlyList<CellDiagnostic> Refused(string code)
    {
        var lines = code.Split('\n');
        var refused = new List<CellDiagnostic>();
        for (var index = 0; index < lines.Length; index++)
        {
            var line = lines[index].TrimStart();
            if (!line.StartsWith("#r", StringComparison.Ordinal) || !line.Contains("\"nuget:", StringComparison.OrdinalIgnoreCase)) continue;
            refused.Add(new CellDiagnostic("QN0002", index + 1, lines[index].Length - line.Length + 1,
                "packages cannot be loaded with #r \"nuget: …\" here; give the path of an assembly: #r \"library.dll\"", lines[index].TrimEnd('\r')));
        }
        return refused;
    }

    /// <summary>Whether the cell ends in an expression without a semicolon whose type is not void.</summary>
    public static bool EndsInValue(Compilation compilation, SyntaxTree tree, CancellationToken cancellationToken)
    {
        if (tree.GetRoot(cancellationToken) is not CompilationUnitSyntax { Members: { Count: > 0 } members }) return false;
        if (members[^1] is not GlobalStatementSyntax { Statement: ExpressionStatementSyntax { SemicolonToken.IsMissing: true } last }) return false;
        var type = compilation.GetSemanticModel(tree).GetTypeInfo(last.Expression, cancellationToken);
        return (type.Type ?? type.ConvertedType)?.SpecialType != SpecialType.System_Void;
    }
}
