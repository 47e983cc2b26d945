using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// Makes the functions of a cell look at the stack when they begin, so that a recursion without end is an exception that the cell's user sees; a real
/// overflow of the stack would end the process. Lines stay where they are. Left alone are lambdas that call nothing, and those that are data (expression trees).
/// </summary>
internal static class StackGuard
{
    private static readonly string Class = $"global::{typeof(CellStack).FullName}.";

    /// <summary>The code with the checks; the very same where it has no functions.</summary>
    /// <param name="tree">The code, without errors.</param>
    /// <param name="compilation">What the tree is part of.</param>
    public static string Add(SyntaxTree tree, Compilation compilation)
    {
        var model = new Lazy<SemanticModel>(() => compilation.GetSemanticModel(tree));
        var changes = tree.GetRoot().DescendantNodes().SelectMany(node => ChangesFor(node, model)).OrderBy(change => change.Span.Start).ToList();
        return changes.Count == 0 ? tree.ToString() : tree.GetText().WithChanges(changes).ToString();
    }

    private static IEnumerable<TextChange> ChangesFor(SyntaxNode node, Lazy<SemanticModel> model) => node switch
    {
        BlockSyntax { Parent: BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax or AnonymousFunctionExpressionSyntax } block =>
            [Insert(block.OpenBraceToken.Span.End, CheckIn(block.Parent!))],
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
        LambdaExpressionSyntax { ExpressionBody: { } body } lambda when Calls(body) && !IsData(lambda, model.Value) =>
            [Insert(body.SpanStart, $"{{{CheckIn(lambda)}{(body is not ThrowExpressionSyntax && Returns(lambda, model.Value) ? "return " : "")}"), Insert(body.Span.End, ";}")],
        // Before a constructor's body come the fields: class Node { Node next = new(); }
        EqualsValueClauseSyntax { Value: not InitializerExpressionSyntax } initial when IsMember(initial) && Creates(initial.Value) =>
            [Insert(initial.Value.SpanStart, $"{Class}{nameof(CellStack.HasRoom)}() ? "), Insert(initial.Value.Span.End, " : default")],
        _ => [],
    };

    // A recursion of nothing but lambdas goes through calls in them.
    private static bool Calls(ExpressionSyntax body) => body.DescendantNodesAndSelf().Any(node => node is InvocationExpressionSyntax);

    private static bool Creates(ExpressionSyntax value) =>
        value.DescendantNodesAndSelf(node => node is not AnonymousFunctionExpressionSyntax).Any(node => node is BaseObjectCreationExpressionSyntax);

    // Of an object; what is static is made once. A variable of the cell is none.
    private static bool IsMember(EqualsValueClauseSyntax initial) => initial.Parent switch
    {
        PropertyDeclarationSyntax { Parent: TypeDeclarationSyntax } property => !property.Modifiers.Any(SyntaxKind.StaticKeyword),
        VariableDeclaratorSyntax { Parent.Parent: FieldDeclarationSyntax { Parent: TypeDeclarationSyntax } field } => !field.Modifiers.Any(SyntaxKind.StaticKeyword),
        _ => false,
    };

    // So is a lambda in a lambda that is data.
    private static bool IsData(LambdaExpressionSyntax lambda, SemanticModel model) => lambda.AncestorsAndSelf().OfType<LambdaExpressionSyntax>()
        .Any(each => model.GetTypeInfo(each).ConvertedType?.ContainingNamespace?.ToDisplayString() == "System.Linq.Expressions");

    // An async lambda of a Task without a result returns nothing.
    private static bool Returns(LambdaExpressionSyntax lambda, SemanticModel model) =>
        model.GetSymbolInfo(lambda).Symbol is IMethodSymbol { ReturnsVoid: false } method && (!method.IsAsync || method.ReturnType is INamedTypeSymbol { IsGenericType: true });

    private static TextChange Insert(int place, string text) => new(new TextSpan(place, 0), text);

    // "=> expression;" becomes "{ check; return expression; }".
    private static TextChange[] Body(ArrowExpressionClauseSyntax arrow, SyntaxToken end, bool returns, string before = "", string after = "") =>
    [
        new(arrow.ArrowToken.Span, $"{{{before}{CheckIn(arrow.Parent!)}{(returns ? "return " : "")}"), new(end.Span, $";}}{after}"),
    ];

    private static string CheckIn(SyntaxNode function) =>
        Class + (function.ChildTokens().Any(token => token.IsKind(SyntaxKind.AsyncKeyword)) ? nameof(CellStack.CheckAsync) : nameof(CellStack.Check)) + "();";

    // An async function of a Task without a result returns nothing.
    private static bool Returns(TypeSyntax type, SyntaxTokenList modifiers) =>
        type is not PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.VoidKeyword }
        && (!modifiers.Any(SyntaxKind.AsyncKeyword) || type is GenericNameSyntax or QualifiedNameSyntax { Right: GenericNameSyntax });
}
