using System.Reflection;

namespace QuantNotebooks;

/// <summary>Name and version of this library, as reports and networks carry it.</summary>
public static class ToolVersion
{
    /// <summary>For example "QuantNotebooks 0.1.0".</summary>
    public static string Text { get; } = "QuantNotebooks " + typeof(ToolVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
