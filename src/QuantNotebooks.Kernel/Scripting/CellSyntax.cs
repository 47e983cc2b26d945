using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>What the engine must know of a cell before it compiles it.</summary>
internal static class CellSyntax
{
    private static readonly string[] EndingCalls = ["Exit", "FailFast"];

    /// <summary>How cells are parsed.</summary>
    public static CSharpParseOptions ParseOptions { get; } =
        CSharpParseOptions.Default.WithKind(SourceCodeKind.Script).WithLanguageVersion(LanguageVersion.Latest);

    /// <summary>Whether a word can name a variable.</summary>
    public static bool IsVariableName(string word) => SyntaxFacts.IsValidIdentifier(word) && SyntaxFacts.GetKeywordKind(word) == SyntaxKind.None && word != "_";

    /// <summary>Calls that would end the process, and with it the notebook's session, as errors.</summary>
    public static IReadOnlyList<CellDiagnostic> Refused(Compilation compilation, SyntaxTree tree, CancellationToken cancellationToken)
    {
        var calls = tree.GetRoot(cancellationToken).DescendantNodes().OfType<InvocationExpressionSyntax>()
            .Where(call => call.Expression.ToString() is var name && Array.Exists(EndingCalls, ending => name.EndsWith(ending, StringComparison.Ordinal))).ToList();
        if (calls.Count == 0) return [];
        var model = compilation.GetSemanticModel(tree);
        var text = tree.GetText(cancellationToken);
        return [.. calls.Where(call => model.GetSymbolInfo(call, cancellationToken).Symbol?.ContainingType.ToDisplayString() == "System.Environment").Select(call =>
        {
            var start = text.Lines.GetLinePosition(call.SpanStart);
            return new CellDiagnostic("QN0001", start.Line + 1, start.Character + 1,
                $"{call.Expression} would end the whole session; return, throw, or restart the kernel instead", text.Lines[start.Line].ToString());
        })];
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
