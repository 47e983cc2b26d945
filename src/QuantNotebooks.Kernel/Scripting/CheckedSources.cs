using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>The files that a cell loads with <c>#load</c>, of which some have checks (<see cref="CheckedCode"/>).</summary>
/// <param name="files">Finds and reads the others.</param>
/// <param name="withChecks">Code by the file's full path.</param>
internal sealed class CheckedSources(SourceReferenceResolver files, IReadOnlyDictionary<string, string> withChecks) : SourceReferenceResolver
{
    public override string? NormalizePath(string path, string? baseFilePath) => files.NormalizePath(path, baseFilePath);

    public override string? ResolveReference(string path, string? baseFilePath) => files.ResolveReference(path, baseFilePath);

    public override Stream OpenRead(string resolvedPath) => files.OpenRead(resolvedPath);

    public override SourceText ReadText(string resolvedPath) =>
        withChecks.TryGetValue(resolvedPath, out var code) ? SourceText.From(code, Encoding.UTF8) : files.ReadText(resolvedPath);

    public override bool Equals(object? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}
