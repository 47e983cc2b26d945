using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using QuantNotebooks.Kernel.Magics;
using QuantNotebooks.Kernel.Scripting;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>Whether a console should run what has been typed so far, or wait for more.</summary>
internal static class CellCompleteness
{
    private const int IndentSize = 4;

    /// <summary>Answers an <c>is_complete_request</c>.</summary>
    public static JsonObject Reply(string code)
    {
        // The last line decides; a magic ends with its line.
        if (CellParts.PlaceOf(code, code.Length) is not { Kind: PlaceKind.Code } place) return new JsonObject { ["status"] = "complete" };
        code = place.Code;
        var tree = CSharpSyntaxTree.ParseText(code, CellSyntax.ParseOptions);
        if (!SyntaxFactory.IsCompleteSubmission(tree))
            return new JsonObject { ["status"] = "incomplete", ["indent"] = new string(' ', IndentSize * OpenBraces(tree)) };
        var isWrong = tree.GetDiagnostics().Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        return new JsonObject { ["status"] = isWrong ? "invalid" : "complete" };
    }

    private static int OpenBraces(SyntaxTree tree) => Math.Max(0, tree.GetRoot().DescendantTokens().Sum(token => token.IsMissing ? 0 : token.Kind() switch
    {
        SyntaxKind.OpenBraceToken => 1,
        SyntaxKind.CloseBraceToken => -1,
        _ => 0,
    }));
}
