using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>The metadata references of a session: the framework, the given assemblies, and all that these refer to.</summary>
internal static class ScriptReferences
{
    // Parsed metadata is shared by all sessions of a process, and the framework's symbols are: those of the first compilation, which is kept for it. Of
    // several sets, made at the same time, a cell might get another than the cell before, and the aliases that it inherits would mean other types.
    private static readonly Lazy<Compilation> Framework = new(ReadFramework);

    public static IEnumerable<MetadataReference> Of(IEnumerable<Assembly> assemblies) => Framework.Value.References.Concat(Closure(assemblies)
        .Select(assembly => MetadataReference.CreateFromFile(assembly.Location)));

    private static CSharpCompilation ReadFramework()
    {
        var folder = FrameworkFolder;
        var trusted = (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "").Split(Path.PathSeparator);
        var framework = CSharpCompilation.Create("framework", references: trusted.Where(path => Path.GetDirectoryName(path) == folder).Select(path => MetadataReference.CreateFromFile(path)));
        _ = framework.ObjectType; // finds the symbols of all references
        return framework;
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
