using System.Collections.Concurrent;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace QuantNotebooks.Kernel.Assistance;

/// <summary>
/// What the cells so far have declared, as one piece of C#: completing in the three hundredth cell must not cost the compilation of three hundred.
/// Variables stand there by their types alone, and of each name only the latest. Thread safe.
/// </summary>
internal sealed class SessionDeclarations
{
    // Not looked into before somebody asks.
    private readonly ConcurrentQueue<Compilation> _new = new();
    private readonly Lock _gate = new();
    private readonly HashSet<string> _usings = [];
    private readonly Dictionary<string, string> _declarations = [];
    private readonly Dictionary<string, MetadataReference> _references = [];

    /// <summary>Takes note of a cell that has run.</summary>
    public void Add(Compilation submission) => _new.Enqueue(submission);

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _new.Clear();
            _usings.Clear();
            _declarations.Clear();
            _references.Clear();
        }
    }

    /// <summary>The declarations as C# script, and what cells have referred to by themselves.</summary>
    public (string Script, IReadOnlyList<MetadataReference> References) Current()
    {
        lock (_gate)
        {
            while (_new.TryDequeue(out var submission)) Read(submission);
            var script = new StringBuilder().AppendJoin('\n', _usings).Append('\n').AppendJoin('\n', _declarations.Values).ToString();
            return (script, [.. _references.Values]);
        }
    }

    private void Read(Compilation submission)
    {
        foreach (var reference in submission.References) _references.TryAdd(reference.Display ?? "", reference);
        if (submission.ScriptClass is not { } script || submission.SyntaxTrees.FirstOrDefault() is not { } tree) return;
        foreach (var directive in ((CompilationUnitSyntax)tree.GetRoot()).Usings) _usings.Add(directive.ToString());
        var model = submission.GetSemanticModel(tree);
        foreach (var member in script.GetMembers().Where(member => !member.IsImplicitlyDeclared && member.DeclaringSyntaxReferences.Length > 0))
        {
            if (Declaration(member, model, tree.Length) is not { } text) continue;
            // A type or variable replaces whatever had its name; a method only one of the same parameters.
            var key = member is IMethodSymbol method ? $"{method.Name}({string.Join(',', method.Parameters.Select(parameter => parameter.Type.ToDisplayString()))})" : member.Name;
            _declarations.Remove(key);
            _declarations[key] = text;
        }
    }

    private static string? Declaration(ISymbol member, SemanticModel model, int position)
    {
        var syntax = member.DeclaringSyntaxReferences[0].GetSyntax();
        return member switch
        {
            IFieldSymbol { Type.IsAnonymousType: true } => syntax.Parent is VariableDeclarationSyntax declaration ? $"{declaration};" : null,
            IFieldSymbol field => $"{field.Type.ToMinimalDisplayString(model, position)} {field.Name};",
            IMethodSymbol { MethodKind: MethodKind.Ordinary } or INamedTypeSymbol or IPropertySymbol or IEventSymbol => syntax.ToString(),
            _ => null,
        };
    }
}
