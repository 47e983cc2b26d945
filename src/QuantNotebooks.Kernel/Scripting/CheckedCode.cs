using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// Makes the functions of a cell look, when they begin, whether there is room on the stack, so that a recursion without end is an exception that the
/// cell's user sees (a real overflow would end the process), and functions and loops whether the user has interrupted the cell. Lines stay where they are.
/// Left alone is code that is data (expression trees); what cleans up, in finally or Dispose, goes on after an interrupt.
/// </summary>
internal static class CheckedCode
{
    private static readonly string Class = $"global::{typeof(CellChecks).FullName}.";
    private static readonly string Condition = $"{Class}{nameof(CellChecks.MayGoOn)}() ? ";
    private static readonly string Loop = $"{Class}{nameof(CellChecks.Loop)}();";

    /// <summary>The code with the checks; the very same where it has no functions.</summary>
    /// <param name="tree">The code, without errors.</param>
    /// <param name="compilation">What the tree is part of.</param>
    public static string Of(SyntaxTree tree, Compilation compilation)
    {
        var model = new Lazy<SemanticModel>(() => compilation.GetSemanticModel(tree));
        // At one place what is within ends first and begins last; nodes come from the outside in.
        var changes = tree.GetRoot().DescendantNodes().SelectMany((node, index) => ChangesFor(node, model).Select(change => (Change: change, Rank: change.Closes ? -index : index)))
            .OrderBy(ranked => ranked.Change.Span.Start).ThenBy(ranked => ranked.Change.Span.Length).ThenBy(ranked => ranked.Rank)
            .Select(ranked => new TextChange(ranked.Change.Span, ranked.Change.Text)).ToList();
        return changes.Count == 0 ? tree.ToString() : tree.GetText().WithChanges(changes).ToString();
    }

    private readonly record struct Change(TextSpan Span, string Text, bool Closes);

    private static IEnumerable<Change> ChangesFor(SyntaxNode node, Lazy<SemanticModel> model) => node switch
    {
        BlockSyntax { Parent: BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax or AnonymousFunctionExpressionSyntax } block =>
            [Open(block.OpenBraceToken.Span.End, CheckIn(block.Parent!))],
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
        LambdaExpressionSyntax { ExpressionBody: { } body } lambda when !IsData(lambda, model.Value) =>
            [Open(body.SpanStart, $"{{{(Calls(body) ? CheckIn(lambda) : CleansUp(lambda) ? "" : Loop)}{(body is not ThrowExpressionSyntax && Returns(lambda, model.Value) ? "return " : "")}"), Close(body, ";}")],
        // Before a constructor's body come the fields: class Node { Node next = new(); }
        EqualsValueClauseSyntax { Value: not InitializerExpressionSyntax } initial when IsMember(initial) && Creates(initial.Value) => OnCondition(initial.Value),
        // The clauses of a query are lambdas; of most queries each element comes by its last one.
        SelectClauseSyntax select when IsCode(select, model.Value) => OnCondition(select.Expression),
        WhereClauseSyntax where when IsCode(where, model.Value) => OnCondition(where.Condition),
        _ => BodyOfLoop(node) is { } body && !CleansUp(node) ? Begin(body, Loop)
            : node is GotoStatementSyntax { RawKind: (int)SyntaxKind.GotoStatement } && !CleansUp(node) ? [Open(node.SpanStart, $"{{{Loop}"), Close(node, "}")] : [],
    };

    private static StatementSyntax? BodyOfLoop(SyntaxNode node) => node switch
    {
        WhileStatementSyntax loop => loop.Statement,
        DoStatementSyntax loop => loop.Statement,
        ForStatementSyntax loop => loop.Statement,
        CommonForEachStatementSyntax loop => loop.Statement,
        _ => null,
    };

    private static Change[] Begin(StatementSyntax body, string check) => body is BlockSyntax block
        ? [Open(block.OpenBraceToken.Span.End, check)]
        : [Open(body.SpanStart, $"{{{check}"), Close(body, "}")];

    private static Change[] OnCondition(ExpressionSyntax value) => [Open(value.SpanStart, $"{Condition}("), Close(value, ") : default")];

    // What an interrupt must not cut short.
    private static bool CleansUp(SyntaxNode node) => node.AncestorsAndSelf().Any(each => each is FinallyClauseSyntax or DestructorDeclarationSyntax
        or MethodDeclarationSyntax { Identifier.ValueText: nameof(IDisposable.Dispose) or nameof(IAsyncDisposable.DisposeAsync) });

    // Also of a query over IQueryable, which is data.
    private static bool IsCode(SyntaxNode clause, SemanticModel model) => !CleansUp(clause)
        && (clause is QueryClauseSyntax query ? model.GetQueryClauseInfo(query).OperationInfo : model.GetSymbolInfo(clause)).Symbol?.ContainingType?.ToDisplayString() == "System.Linq.Enumerable";

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

    private static Change Open(int place, string text) => new(new TextSpan(place, 0), text, Closes: false);

    private static Change Close(SyntaxNode node, string text) => new(new TextSpan(node.Span.End, 0), text, Closes: true);

    // "=> expression;" becomes "{ check; return expression; }".
    private static Change[] Body(ArrowExpressionClauseSyntax arrow, SyntaxToken end, bool returns, string before = "", string after = "") =>
    [
        new(arrow.ArrowToken.Span, $"{{{before}{CheckIn(arrow.Parent!)}{(returns ? "return " : "")}", Closes: false), new(end.Span, $";}}{after}", Closes: true),
    ];

    private static string CheckIn(SyntaxNode function) => Class + (function.ChildTokens().Any(token => token.IsKind(SyntaxKind.AsyncKeyword)), CleansUp(function)) switch
    {
        (false, false) => nameof(CellChecks.Function),
        (false, true) => nameof(CellChecks.Cleanup),
        (true, false) => nameof(CellChecks.AsyncFunction),
        (true, true) => nameof(CellChecks.AsyncCleanup),
    } + "();";

    // An async function of a Task without a result returns nothing.
    private static bool Returns(TypeSyntax type, SyntaxTokenList modifiers) =>
        type is not PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.VoidKeyword }
        && (!modifiers.Any(SyntaxKind.AsyncKeyword) || type is GenericNameSyntax or QualifiedNameSyntax { Right: GenericNameSyntax });
}
