using System.Reflection;

namespace QuantNotebooks.Tests;

/// <summary>Where the repository stands on this machine, so that tests can use the embedded networks and images.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);
}
