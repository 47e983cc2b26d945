using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// Makes the functions of a cell look at the stack when they begin, so that a recursion without end is an exception that the cell's user sees; a real
/// overflow of the stack would end the process. Lines stay where they are. Lambdas that are one expression are left alone: they may be data.
/// </summary>
internal static class StackGuard
{
    private static readonly string Check = $"global::{typeof(CellStack).FullName}.{nameof(CellStack.Check)}();";

    private static readonly string CheckAsync = $"global::{typeof(CellStack).FullName}.{nameof(CellStack.CheckAsync)}();";

    /// <summary>The code with the checks; the very same where it has no functions. It must compile.</summary>
    public static string Add(string code)
    {
        var tree = CSharpSyntaxTree.ParseText(code, CellSyntax.ParseOptions);
        var changes = tree.GetRoot().DescendantNodes().SelectMany(ChangesFor).OrderBy(change => change.Span.Start).ToList();
        return changes.Count == 0 ? code : tree.GetText().WithChanges(changes).ToString();
    }

    private static IEnumerable<TextChange> ChangesFor(SyntaxNode node) => node switch
    {
        BlockSyntax { Parent: BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax or AnonymousFunctionExpressionSyntax } block =>
            [new TextChange(new TextSpan(block.OpenBraceToken.Span.End, 0), CheckIn(block.Parent!))],
        ArrowExpressionClauseSyntax { Expression: not ThrowExpressionSyntax } arrow => arrow.Parent switch
        {
            MethodDeclarationSyntax method => Body(arrow, method.SemicolonToken, Returns(method.ReturnType, method.Modifiers)),
            LocalFunctionStatementSyntax function => Body(arrow, function.SemicolonToken, Returns(function.ReturnType, function.Modifiers)),
            OperatorDeclarationSyntax or ConversionOperatorDeclarationSyntax => Body(arrow, ((BaseMethodDeclarationSyntax)arrow.Parent).SemicolonToken, returns: true),
            BaseMethodDeclarationSyntax other => Body(arrow, other.SemicolonToken, returns: false),
            AccessorDeclarationSyntax accessor => Body(arrow, accessor.SemicolonToken, accessor.IsKind(SyntaxKind.GetAccessorDeclaration)),
            PropertyDeclarationSyntax property => Body(arrow, property.SemicolonToken, returns: true, "get {", "}"),
            IndexerDeclarationSyntax indexer => Body(arrow, indexer.SemicolonToken, returns: true, "get {", "}"),
            _ => [],
        },
        _ => [],
    };

    // "=> expression;" becomes "{ check; return expression; }".
    private static TextChange[] Body(ArrowExpressionClauseSyntax arrow, SyntaxToken end, bool returns, string before = "", string after = "") =>
    [
        new(arrow.ArrowToken.Span, $"{{{before}{CheckIn(arrow.Parent!)}{(returns ? "return " : "")}"), new(end.Span, $";}}{after}"),
    ];

    private static string CheckIn(SyntaxNode function) => function.ChildTokens().Any(token => token.IsKind(SyntaxKind.AsyncKeyword)) ? CheckAsync : Check;

    // An async function of a Task without a result returns nothing.
    private static bool Returns(TypeSyntax type, SyntaxTokenList modifiers) =>
        type is not PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.VoidKeyword }
        && (!modifiers.Any(SyntaxKind.AsyncKeyword) || type is GenericNameSyntax or QualifiedNameSyntax { Right: GenericNameSyntax });
}
