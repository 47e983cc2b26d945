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

    /// <summary>Lines that the C# script language has no meaning for, or would silently ignore, as errors.</summary>
    public static IReadOnlyList<CellDiagnostic> Refused(string code)
    {
        var lines = code.Split('\n');
        var refused = new List<CellDiagnostic>();
        for (var index = 0; index < lines.Length; index++)
        {
            var line = lines[index].TrimStart();
            if (line.StartsWith("#!", StringComparison.Ordinal))
                // C# takes a first line of this kind for a comment.
                refused.Add(At("QN0001", index, $"there is no command '{line.Split(' ', 2)[0].TrimEnd()}' here"));
            else if (line.StartsWith("#r", StringComparison.Ordinal) && line.Contains("\"nuget:", StringComparison.OrdinalIgnoreCase))
                refused.Add(At("QN0002", index, "packages cannot be loaded with #r \"nuget: …\" here; give the path of an assembly: #r \"library.dll\""));
        }
        return refused;

        CellDiagnostic At(string id, int index, string message) =>
            new(id, index + 1, lines[index].Length - lines[index].TrimStart().Length + 1, message, lines[index].TrimEnd('\r'));
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
