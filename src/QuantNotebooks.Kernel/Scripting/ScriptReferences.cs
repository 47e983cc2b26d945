using System.Reflection;
using Microsoft.CodeAnalysis;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>The metadata references of a session: the framework, the given assemblies, and all that these refer to.</summary>
internal static class ScriptReferences
{
    // Parsed metadata is shared by all sessions of a process.
    private static readonly Lazy<Task<List<MetadataReference>>> Framework = new(() => Task.Run(ReadFramework));

    private static readonly Lock Gate = new();
    private static Compilation? first;

    /// <summary>Begins to read the framework's metadata, for whoever has something else to do until they are needed.</summary>
    public static void Begin() => _ = Framework.Value;

    public static IEnumerable<MetadataReference> Of(IEnumerable<Assembly> assemblies)
    {
        Begin();
        List<MetadataReference> own = [.. Closure(assemblies).Select(assembly => MetadataFile.Reference(assembly.Location))];
        return Framework.Value.GetAwaiter().GetResult().Concat(own);
    }

    /// <summary>
    /// Makes sure that all sessions of a process see the same symbols of the framework, those of the first compilation, which is kept for it. Of several
    /// sets, made at the same time, a cell might get another than the cell before, and the aliases that it inherits would mean other types.
    /// </summary>
    /// <param name="compilation">A session's first, not used yet.</param>
    public static void Share(Compilation compilation)
    {
        lock (Gate)
        {
            if (first is not null) return;
            _ = compilation.ObjectType; // finds the symbols of all references
            first = compilation;
        }
    }

    private static List<MetadataReference> ReadFramework()
    {
        var folder = FrameworkFolder;
        var trusted = (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "").Split(Path.PathSeparator);
        return [.. trusted.Where(path => Path.GetDirectoryName(path) == folder).Select(path => MetadataFile.Reference(path))];
    }

    private static string FrameworkFolder { get; } = Path.GetDirectoryName(typeof(object).Assembly.Location)!;

    private static List<Assembly> Closure(IEnumerable<Assembly> roots)
    {
        var found = new List<Assembly>();
        var seen = new HashSet<string>();
        var pending = new Queue<Assembly>(roots);
        while (pending.TryDequeue(out var assembly))
        {
            if (assembly.IsDynamic || Path.GetDirectoryName(assembly.Location) == FrameworkFolder || !seen.Add(assembly.Location)) continue;
            found.Add(assembly);
            foreach (var name in assembly.GetReferencedAssemblies())
            {
                if (TryLoad(name) is { } referenced) pending.Enqueue(referenced);
            }
        }
        return found;
    }

    // Libraries refer to assemblies that are not deployed when nothing at run time needs them; the compiler then says so if a cell does.
    private static Assembly? TryLoad(AssemblyName name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
