using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace QuantNotebooks.Kernel.Packages;

/// <summary>Finds the assemblies and native libraries of restored packages when code needs them. The process's, as assemblies are. Thread safe.</summary>
internal static class PackageLoader
{
    private static readonly ConcurrentDictionary<string, string> Assemblies = new(StringComparer.OrdinalIgnoreCase);
    private static readonly ConcurrentDictionary<string, string> Natives = new(StringComparer.OrdinalIgnoreCase);
    private static readonly ConcurrentDictionary<AssemblyLoadContext, bool> Hooked = new();
    private static readonly Dictionary<string, string> Own = ((AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string) ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).GroupBy(NameOf).ToDictionary(group => group.Key, group => group.First());

    static PackageLoader()
    {
        AssemblyLoadContext.Default.Resolving += (context, name) =>
            Assemblies.TryGetValue(name.Name ?? "", out var path) ? context.LoadFromAssemblyPath(path) : null;
        AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) => Hook(loaded.LoadedAssembly);
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies()) Hook(assembly);
    }

    /// <summary>The assembly to refer to: this program's own where it has one of that name, for two copies would have different types.</summary>
    public static string Chosen(string path) => Own.GetValueOrDefault(NameOf(path), path);

    /// <summary>Makes the assets of a restore findable.</summary>
    public static void Add(PackageAssets assets)
    {
        foreach (var path in assets.Runtime.Where(path => !Own.ContainsKey(NameOf(path)))) Assemblies[NameOf(path)] = path;
        foreach (var path in assets.Native) Natives[NativeName(Path.GetFileName(path))] = path;
    }

    private static void Hook(Assembly assembly)
    {
        // Those that the runtime may let go of, which must not be held here, call no native code of their own.
        if (assembly.IsCollectible || AssemblyLoadContext.GetLoadContext(assembly) is not { } context || !Hooked.TryAdd(context, true)) return;
        context.ResolvingUnmanagedDll += (_, name) =>
            Natives.TryGetValue(NativeName(name), out var path) && NativeLibrary.TryLoad(path, out var handle) ? handle : 0;
    }

    private static string NameOf(string path) => Path.GetFileNameWithoutExtension(path);

    // "libfoo.so", "foo.dll" and "foo" are asked for as the same library.
    private static string NativeName(string name)
    {
        foreach (var ending in (string[])[".dll", ".so", ".dylib"])
        {
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) name = name[..^ending.Length];
        }
        return name.StartsWith("lib", StringComparison.Ordinal) ? name[3..] : name;
    }
}
