using System.Reflection;

namespace QuantNotebooks.Interactive;

/// <summary>
/// All that the package's script touches of .NET Interactive, by name: so that a host without one of them can be told from one that has all, before the host
/// compiles what uses them.
/// </summary>
internal static class HostCalls
{
    private const string Root = "Microsoft.DotNet.Interactive.";

    private static readonly (string Type, string[] Members)[] All =
    [
        ("Kernel", ["Root", "AddDirective", "SendAsync"]),
        ("KernelInvocationContext", ["Current", "Fail", "CancellationToken"]),
        ("KernelInvocationContextExtensions", ["Display"]),
        ("DisplayedValue", ["Update"]),
        ("FormattedValue", []),
        ("KernelCommandResult", ["Events"]),
        ("Directives.KernelActionDirective", ["Description", "Parameters"]),
        ("Directives.KernelDirectiveParameter", ["AllowImplicitName", "Description", "Flag", "Required"]),
        ("Commands.KernelDirectiveCommand", []),
        ("Commands.RequestValue", []),
        ("Commands.SendValue", []),
        ("Events.ValueProduced", ["Value"]),
    ];

    /// <summary>The first call that is not there, as a reader would look for it; null where all are.</summary>
    public static string? Missing(Assembly host)
    {
        foreach (var (name, members) in All)
        {
            if (Find(host, Root + name) is not { } type) return Root + name;
            if (members.FirstOrDefault(member => type.GetMember(member, BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy).Length == 0)
                is { } missing) return $"{Root}{name}.{missing}";
        }
        return null;
    }

    // Some of its types may stand in the host's other assemblies.
    private static Type? Find(Assembly host, string name) => host.GetType(name) ?? AppDomain.CurrentDomain.GetAssemblies()
        .Where(assembly => assembly.GetName().Name?.StartsWith("Microsoft.DotNet.Interactive", StringComparison.Ordinal) == true)
        .Select(assembly => assembly.GetType(name)).FirstOrDefault(type => type is not null);
}
