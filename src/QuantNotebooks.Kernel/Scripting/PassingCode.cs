using System.Collections.Frozen;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Scripting;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// Loads a piece that no later one can name so that the runtime lets go of it: once it has run, and nothing that it made is in use any more. The scripting
/// library loads every piece for good, a tenth of a megabyte each.
/// </summary>
internal static class PassingCode
{
    private const BindingFlags Any = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    // Where the scripting library keeps the objects that hold the variables of the pieces before, which a piece reads by their position. Not public: where it is
    // not found, pieces are loaded for good.
    private static readonly PropertyInfo? ExecutionState = typeof(ScriptState).GetProperty("ExecutionState", Any);
    private static readonly FieldInfo? SubmissionStates = ExecutionState?.PropertyType.GetField("_submissionStates", Any);

    /// <summary>The names of what the runtime finds by itself.</summary>
    private static readonly FrozenSet<string> Platform =
        ((AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string) ?? "").Split(Path.PathSeparator).Select(Path.GetFileNameWithoutExtension).OfType<string>().ToFrozenSet();

    /// <summary>Emits and loads a piece.</summary>
    /// <param name="piece">The compiled piece.</param>
    /// <param name="before">The pieces before it.</param>
    /// <param name="cancellationToken">Stops the compiler.</param>
    /// <returns>What runs it and gives its value; null where it refers to what only the scripting library can load.</returns>
    public static Func<Task<object>>? Load(Compilation piece, ScriptState before, CancellationToken cancellationToken)
    {
        if (ExecutionState?.GetValue(before) is not { } execution || SubmissionStates?.GetValue(execution) is not object?[] states) return null;
        using var code = new MemoryStream();
        using var symbols = new MemoryStream();
        if (!piece.Emit(code, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb), cancellationToken: cancellationToken).Success) return null;
        (code.Position, symbols.Position) = (0, 0);
        if (ReferencesOf(code) is not { } references || piece.GetEntryPoint(cancellationToken) is not { } entry) return null;
        (code.Position, symbols.Position) = (0, 0);
        var context = new Context(references);
        var run = context.LoadFromStream(code, symbols).GetType(entry.ContainingType.MetadataName, throwOnError: true)!.GetMethod(entry.MetadataName, Any)!
            .CreateDelegate<Func<object?[], Task<object>>>();
        object?[] own = [.. states, null]; // the last for this piece
        return async () =>
        {
            try
            {
                return await run(own);
            }
            finally
            {
                context.Unload(); // once nothing of it is in use
            }
        };
    }

    // Holds nothing of the piece, which would keep it in use.
    private sealed class Context(IReadOnlyDictionary<string, Assembly> references) : AssemblyLoadContext(isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName assemblyName) => references.GetValueOrDefault(assemblyName.FullName);
    }

    /// <summary>The assemblies that an assembly refers to and the runtime does not find by itself; null where one is not loaded, or in two versions.</summary>
    private static Dictionary<string, Assembly>? ReferencesOf(MemoryStream code)
    {
        using var file = new PEReader(code, PEStreamOptions.LeaveOpen);
        var reader = file.GetMetadataReader();
        var loaded = AppDomain.CurrentDomain.GetAssemblies().Where(assembly => !assembly.IsCollectible).ToLookup(assembly => assembly.GetName().Name);
        var references = new Dictionary<string, Assembly>();
        foreach (var handle in reader.AssemblyReferences)
        {
            var name = reader.GetAssemblyReference(handle).GetAssemblyName();
            if (Platform.Contains(name.Name!)) continue;
            if (loaded[name.Name].ToList() is not [{ } only] || only.FullName != name.FullName) return null;
            references[name.FullName] = only;
        }
        return references;
    }
}
