using QuantNotebooks.Images;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Benchmarks;

/// <summary>The networks and images that the repository holds.</summary>
internal static class Data
{
    public static Networks.Network Network(string name) => Networks.Network.Load(Repository.PathOf("data", "models", name + ".onnx"));

    public static ImageSet Images(params string[] folders) => ImageSet.Load(Repository.PathOf(["data", .. folders]));
}
