using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Completion;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Host.Mef;
using Microsoft.CodeAnalysis.QuickInfo;
using Microsoft.CodeAnalysis.Text;
using QuantNotebooks.Kernel.Scripting;

namespace QuantNotebooks.Kernel.Assistance;

/// <summary>
/// Completes and explains C# in a cell. Two projects serve for the whole session: one holds what cells have declared, the other the cell at hand.
/// Not thread safe.
/// </summary>
internal sealed class CodeAssistant : IDisposable
{
    private readonly SessionDeclarations _declarations;
    private readonly AdhocWorkspace _workspace;
    private readonly ProjectId _session;
    private readonly ProjectId _cell;
    private readonly DocumentId _declared;
    private readonly DocumentId _code;
    private readonly IReadOnlyList<MetadataReference> _common;
    private string? _script;
    private int _referenceCount = -1;

    /// <summary>Creates an assistant.</summary>
    /// <param name="declarations">What cells declare.</param>
    /// <param name="imports">The namespaces and types that every cell has imported.</param>
    /// <param name="common">The references that every cell has.</param>
    public CodeAssistant(SessionDeclarations declarations, IEnumerable<string> imports, IEnumerable<MetadataReference> common)
    {
        _declarations = declarations;
        _common = [.. common];
        _workspace = new AdhocWorkspace(MefHostServices.DefaultHost);
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, usings: imports, allowUnsafe: true);
        (_session, _declared) = AddProject("session", options, []);
        (_cell, _code) = AddProject("cell", options, [new ProjectReference(_session)]);
    }

    /// <summary>What could be written at a position.</summary>
    public async Task<CompletionList> CompleteAsync(string code, int position, CancellationToken cancellation)
    {
        var document = Open(code);
        var service = CompletionService.GetService(document)!;
        var found = await service.GetCompletionsAsync(document, position, cancellationToken: cancellation).ConfigureAwait(false);
        if (found.ItemsList.Count == 0) return CompletionList.Nothing(position);
        var start = Math.Min(found.Span.Start, position);
        var typed = code[start..position];
        var items = found.ItemsList.Where(item => item.FilterText.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
            // What begins just as it was typed comes first.
            .OrderByDescending(item => item.FilterText.StartsWith(typed, StringComparison.Ordinal)).ThenBy(item => item.SortText, StringComparer.OrdinalIgnoreCase)
            .Select(item => new CompletionItem(item.Properties.GetValueOrDefault("InsertionText", item.DisplayText), KindOf(item))).DistinctBy(item => item.Text);
        return new CompletionList(start, found.Span.End, [.. items]);
    }

    /// <summary>What stands at a position, or is being called there: its signature and documentation; null where there is nothing to say.</summary>
    public async Task<string?> ExplainAsync(string code, int position, CancellationToken cancellation)
    {
        var document = Open(code);
        var root = (await document.GetSyntaxRootAsync(cancellation).ConfigureAwait(false))!;
        var service = QuickInfoService.GetService(document)!;
        foreach (var place in Places(root, code, position))
        {
            if (await service.GetQuickInfoAsync(document, place, cancellation).ConfigureAwait(false) is not { Sections.IsEmpty: false } info) continue;
            var text = new StringBuilder().AppendJoin('\n', info.Sections.Select(section => section.Text.Trim()).Where(section => section.Length > 0));
            foreach (var overload in await OtherOverloadsAsync(document, root, place, cancellation).ConfigureAwait(false)) text.Append('\n').Append(overload);
            return text.ToString();
        }
        return null;
    }

    public void Dispose() => _workspace.Dispose();

    // The name at the cursor or just before it; then the method within whose parentheses the cursor is.
    private static IEnumerable<int> Places(SyntaxNode root, string code, int position)
    {
        yield return position;
        if (position > 0) yield return position - 1;
        if (position == 0) yield break;
        for (var node = root.FindToken(Math.Min(position, code.Length) - 1).Parent; node is not null; node = node.Parent)
        {
            if (node is not ArgumentListSyntax { Parent: { } call } list || position <= list.SpanStart) continue;
            switch (call)
            {
                case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax member }:
                    yield return member.Name.SpanStart;
                    break;
                case InvocationExpressionSyntax invocation:
                    yield return invocation.Expression.SpanStart;
                    break;
                case ObjectCreationExpressionSyntax creation:
                    yield return creation.Type.SpanStart;
                    break;
            }
        }
    }

    private static async Task<IEnumerable<string>> OtherOverloadsAsync(Document document, SyntaxNode root, int place, CancellationToken cancellation)
    {
        if (root.FindToken(place).Parent is not SimpleNameSyntax name) return [];
        var model = (await document.GetSemanticModelAsync(cancellation).ConfigureAwait(false))!;
        var group = model.GetMemberGroup(name, cancellation);
        return group.Length < 2 ? [] : group.OfType<IMethodSymbol>().Select(method => method.ToMinimalDisplayString(model, place));
    }

    private static string KindOf(Microsoft.CodeAnalysis.Completion.CompletionItem item) => item.Tags.FirstOrDefault() switch
    {
        "Method" or "ExtensionMethod" => "function",
        "Property" => "property",
        "Field" or "Constant" or "EnumMember" => "field",
        "Local" or "Parameter" or "RangeVariable" => "variable",
        "Class" or "Structure" or "Delegate" or "Enum" => "class",
        "Interface" => "interface",
        "Namespace" => "module",
        "Keyword" => "keyword",
        "Event" => "event",
        _ => "text",
    };

    private Document Open(string code)
    {
        var solution = _workspace.CurrentSolution;
        var (script, references) = _declarations.Current();
        if (script != _script)
        {
            solution = solution.WithDocumentText(_declared, SourceText.From(script));
            _script = script;
        }
        if (references.Count != _referenceCount)
        {
            var documented = DocumentedReferences.Of(_common.Concat(references)).ToList();
            solution = solution.WithProjectMetadataReferences(_session, documented).WithProjectMetadataReferences(_cell, documented);
            _referenceCount = references.Count;
        }
        solution = solution.WithDocumentText(_code, SourceText.From(code));
        _workspace.TryApplyChanges(solution);
        return _workspace.CurrentSolution.GetDocument(_code)!;
    }

    private (ProjectId Project, DocumentId Document) AddProject(string name, CSharpCompilationOptions options, IEnumerable<ProjectReference> before)
    {
        var project = ProjectId.CreateNewId(name);
        var document = DocumentId.CreateNewId(project, name);
        _workspace.AddProject(ProjectInfo.Create(
            project, VersionStamp.Create(), name, name, LanguageNames.CSharp, compilationOptions: options, parseOptions: CellSyntax.ParseOptions,
            documents: [DocumentInfo.Create(document, name, sourceCodeKind: SourceCodeKind.Script)], projectReferences: before, isSubmission: true));
        return (project, document);
    }
}
