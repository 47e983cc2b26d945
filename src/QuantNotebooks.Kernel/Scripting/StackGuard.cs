using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// Makes the functions of a cell look at the stack when they begin, so that a recursion without end is an exception that the cell's user sees; a real
/// overflow of the stack would end the process. Lines stay where they are. Lambdas that are one expression may be data and are left
/// alone, but for those whose variable the cell calls: data can't be called. Of these the calls of each other are checked.
/// </summary>
internal static class StackGuard
{
    private static readonly string Check = $"global::{typeof(CellStack).FullName}.{nameof(CellStack.Check)}();";

    private static readonly string CheckAsync = $"global::{typeof(CellStack).FullName}.{nameof(CellStack.CheckAsync)}();";

    /// <summary>The code with the checks; the very same where it has no functions. It must compile.</summary>
    public static string Add(string code)
    {
        var tree = CSharpSyntaxTree.ParseText(code, CellSyntax.ParseOptions);
        var nodes = tree.GetRoot().DescendantNodes().ToList();
        // A cycle of lambdas goes through variables that are both given a lambda and called.
        var called = nodes.OfType<InvocationExpressionSyntax>().Select(call => CalledName(call)?.Identifier.ValueText).ToHashSet();
        var lambdas = nodes.OfType<LambdaExpressionSyntax>().Where(lambda => lambda.ExpressionBody is not null).Select(VariableOf).Where(called.Contains).ToHashSet();
        var changes = nodes.SelectMany(node => ChangesFor(node, lambdas)).DistinctBy(change => change.Span).OrderBy(change => change.Span.Start).ToList();
        return changes.Count == 0 ? code : tree.GetText().WithChanges(changes).ToString();
    }

    private static IEnumerable<TextChange> ChangesFor(SyntaxNode node, HashSet<string?> lambdas) => node switch
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
        LambdaExpressionSyntax { ExpressionBody: { } body } lambda when VariableOf(lambda) is { } variable && lambdas.Contains(variable) => CallsOf(lambdas, body),
        _ => [],
    };

    private static string? VariableOf(LambdaExpressionSyntax lambda) => lambda.Parent switch
    {
        AssignmentExpressionSyntax { Left: IdentifierNameSyntax left } assignment when assignment.Right == lambda => left.Identifier.ValueText,
        EqualsValueClauseSyntax { Parent: VariableDeclaratorSyntax declarator } => declarator.Identifier.ValueText,
        _ => null,
    };

    // "f(x)" and "f.Invoke(x)" call f; "e.Compile()" does not call e.
    private static IdentifierNameSyntax? CalledName(InvocationExpressionSyntax call) => call.Expression switch
    {
        IdentifierNameSyntax name => name,
        MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Invoke", Expression: IdentifierNameSyntax name } => name,
        _ => null,
    };

    // "f(x)" becomes "Checked(f)(x)", whatever it returns.
    private static IEnumerable<TextChange> CallsOf(HashSet<string?> lambdas, ExpressionSyntax body) =>
        from call in body.DescendantNodesAndSelf().OfType<InvocationExpressionSyntax>()
        let name = CalledName(call)
        where name is not null && lambdas.Contains(name.Identifier.ValueText)
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
