using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>What the engine must know of a cell before it compiles it.</summary>
internal static class CellSyntax
{
    private static readonly string[] EndingCalls = ["Exit", "FailFast"];

    /// <summary>How cells are parsed where only their structure matters; whether they may use the language's next version says the engine.</summary>
    public static CSharpParseOptions ParseOptions { get; } =
        CSharpParseOptions.Default.WithKind(SourceCodeKind.Script).WithLanguageVersion(LanguageVersion.Preview);

    /// <summary>Whether a word can name a variable.</summary>
    public static bool IsVariableName(string word) => SyntaxFacts.IsValidIdentifier(word) && SyntaxFacts.GetKeywordKind(word) == SyntaxKind.None && word != "_";

    /// <summary>The variables that a cell declares for cells after it, in their order.</summary>
    public static IReadOnlyList<string> DeclaredVariables(string code) =>
    [
        .. CSharpSyntaxTree.ParseText(code, ParseOptions).GetCompilationUnitRoot().Members.SelectMany(member => member switch
        {
            FieldDeclarationSyntax field => field.Declaration.Variables.Select(variable => variable.Identifier),
            PropertyDeclarationSyntax property => [property.Identifier],
            // var (a, b) = …; and M(out var c);
            GlobalStatementSyntax { Statement: ExpressionStatementSyntax statement } =>
                statement.DescendantNodes(node => node is not AnonymousFunctionExpressionSyntax).OfType<SingleVariableDesignationSyntax>().Select(variable => variable.Identifier),
            _ => [],
        }).Select(name => name.ValueText),
    ];

    /// <summary>Whether a compiled cell has anything that cells after it can use: a variable, a function, a type, a using, a reference.</summary>
    public static bool DeclaresAnything(Compilation cell) =>
        cell.ScriptClass is { } script && script.GetMembers().Any(member => !member.IsImplicitlyDeclared)
        || cell.SyntaxTrees.Any(tree => tree.GetRoot() is CompilationUnitSyntax root && (root.Usings.Count > 0 || root.Externs.Count > 0 || root.GetReferenceDirectives().Count > 0));

    /// <summary>Uses of what would end the process, and with it the notebook's session, as errors.</summary>
    public static IReadOnlyList<CellDiagnostic> Refused(Compilation compilation, SyntaxTree tree, CancellationToken cancellationToken)
    {
        // Called, or handed on as a delegate.
        var uses = tree.GetRoot(cancellationToken).DescendantNodes().OfType<SimpleNameSyntax>().Where(name => EndingCalls.Contains(name.Identifier.ValueText)).ToList();
        if (uses.Count == 0) return [];
        var model = compilation.GetSemanticModel(tree);
        var text = tree.GetText(cancellationToken);
        return [.. uses.Where(name => model.GetSymbolInfo(name, cancellationToken).Symbol is IMethodSymbol method && method.ContainingType.ToDisplayString() == "System.Environment").Select(name =>
        {
            SyntaxNode use = name.Parent is MemberAccessExpressionSyntax access && access.Name == name ? access : name;
            var start = text.Lines.GetLinePosition(use.SpanStart);
            return new CellDiagnostic("QN0001", start.Line + 1, start.Character + 1,
                $"{use} would end the whole session; return, throw, or restart the kernel instead", text.Lines[start.Line].ToString());
        })];
    }

    /// <summary>
    /// The cell without its last semicolon where that is all that the compiler minds: "x;" is no statement of the language, and in a notebook means x without showing
    /// it. Nothing else moves. Null for any other cell.
    /// </summary>
    public static string? WithoutSemicolon(string code, IReadOnlyCollection<Diagnostic> diagnostics, string path)
    {
        const string noStatement = "CS0201";
        if (diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).ToList() is not [{ Id: noStatement } only] || only.Location.SourceTree?.FilePath != path) return null;
        if (CSharpSyntaxTree.ParseText(code, ParseOptions).GetRoot() is not CompilationUnitSyntax { Members: [.., GlobalStatementSyntax { Statement: ExpressionStatementSyntax last }] }) return null;
        if (last.SemicolonToken.IsMissing || !last.Span.Contains(only.Location.SourceSpan)) return null;
        return code.Remove(last.SemicolonToken.SpanStart, 1).Insert(last.SemicolonToken.SpanStart, " ");
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
