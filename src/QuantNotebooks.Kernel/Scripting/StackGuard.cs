using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// Makes the functions of a cell look at the stack when they begin, so that a recursion without end is an exception that the cell's user sees; a real
/// overflow of the stack would end the process. Lines stay where they are. Lambdas that are one expression may be data and are left
/// alone, but for those that call the variable that they are given to: data can't be called.
/// </summary>
internal static class StackGuard
{
    private static readonly string Check = $"global::{typeof(CellStack).FullName}.{nameof(CellStack.Check)}();";

    private static readonly string CheckAsync = $"global::{typeof(CellStack).FullName}.{nameof(CellStack.CheckAsync)}();";

    /// <summary>The code with the checks; the very same where it has no functions. It must compile.</summary>
    public static string Add(string code)
    {
        var tree = CSharpSyntaxTree.ParseText(code, CellSyntax.ParseOptions);
        var changes = tree.GetRoot().DescendantNodes().SelectMany(ChangesFor).DistinctBy(change => change.Span).OrderBy(change => change.Span.Start).ToList();
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
        LambdaExpressionSyntax { ExpressionBody: { } body } lambda when VariableOf(lambda) is { } variable => CallsOf(variable, body),
        _ => [],
    };

    private static string? VariableOf(LambdaExpressionSyntax lambda) => lambda.Parent switch
    {
        AssignmentExpressionSyntax { Left: IdentifierNameSyntax left } assignment when assignment.Right == lambda => left.Identifier.ValueText,
        EqualsValueClauseSyntax { Parent: VariableDeclaratorSyntax declarator } => declarator.Identifier.ValueText,
        _ => null,
    };

    // "f(x)" becomes "Checked(f)(x)", whatever it returns.
    private static IEnumerable<TextChange> CallsOf(string variable, ExpressionSyntax body) =>
        from call in body.DescendantNodesAndSelf().OfType<InvocationExpressionSyntax>()
        let name = call.Expression as IdentifierNameSyntax ?? (call.Expression as MemberAccessExpressionSyntax)?.Expression as IdentifierNameSyntax
        where name?.Identifier.ValueText == variable
        select new TextChange(name.Span, $"global::{typeof(CellStack).FullName}.{nameof(CellStack.Checked)}({name})");

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
