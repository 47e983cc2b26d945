using System.Text.Json.Nodes;
using Google.Protobuf;
using QuantNotebooks.Core.Tests;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.Security;

/// <summary>A network, its sidecar and images in which every name tries to become a script of the page that shows it.</summary>
internal sealed class HostileNetwork : IDisposable
{
    private static readonly string[] Names =
    [
        "<script>window.hacked=1</script>", "<img src=x onerror=window.hacked=2>", "\"><svg onload=window.hacked=3>", "<a href=\"javascript:window.hacked=4\">layer</a>",
        "</script><script>window.hacked=5</script>", "'-(window.hacked=6)-'", "</style><iframe srcdoc='<script>parent.hacked=7</script>'>", "<!--<script>",
    ];

    private readonly TemporaryFolder _folder = new();

    public HostileNetwork()
    {
        // A file's name may hold all but '/'.
        Model = _folder.File("<img src=x onerror=window.hacked=8>.onnx");
        var classes = new[] { "<img src=x onerror=window.hacked=9>", "\"><svg onload=window.hacked=10>", "<script>window.hacked=11" };
        var builder = new GraphBuilder().Input("input", 0, 3, 16, 16);
        var last = "input";
        foreach (var (index, name) in Names.Index())
        {
            var channels = index == 0 ? 3 : 4;
            builder.RandomConstant("w" + name, 4, channels, 3, 3).RandomConstant("b" + name, 4);
            builder.Node("Conv", [last, "w" + name, "b" + name], "c" + name, GraphBuilder.Ints("pads", 1, 1, 1, 1)).Node("Relu", ["c" + name], last = "r" + name);
            foreach (var node in builder.Model.Graph.Node.TakeLast(2)) node.Name = name + node.OpType;
        }
        // One that is not analysed, and so named with a reason.
        builder.Node("Mul", [last, last], "m" + Names[0]).Node("GlobalAveragePool", ["m" + Names[0]], "p").Node("Flatten", ["p"], "f").RandomConstant("w", 3, 4)
            .Node("Gemm", ["f", "w"], "y" + Names[1], GraphBuilder.Int("transB", 1)).Output("y" + Names[1]);
        File.WriteAllBytes(Model, builder.Model.ToByteArray());
        File.WriteAllText(Path.ChangeExtension(Model, ".task.json"), new JsonObject
        {
            ["input"] = new JsonObject
            {
                ["name"] = "input", ["channels"] = "rgb", ["size"] = new JsonArray(16, 16), ["resize"] = "stretch", ["scale"] = 1 / 255.0, ["mean"] = new JsonArray(0.5, 0.5, 0.5),
                ["std"] = new JsonArray(0.5, 0.5, 0.5),
            },
            ["task"] = new JsonObject { ["kind"] = "classification", ["labels"] = new JsonArray([.. classes.Select(name => JsonValue.Create(name))]) },
        }.ToJsonString());
        var pictures = Directory.EnumerateFiles(Repository.PathOf("data", "text-direction", "calibration"), "*.png").Take(24).ToArray();
        foreach (var (index, picture) in pictures.Index())
        {
            var folder = Directory.CreateDirectory(Path.Combine(Images, classes[index % classes.Length])).FullName;
            File.Copy(picture, Path.Combine(folder, $"<img src=x onerror=window.hacked=12>{index}.png"));
        }
    }

    public string Model { get; }

    public string Images => Path.Combine(_folder.Path, "<b onmouseover=window.hacked=13>images");

    public string PathOf(string name) => _folder.File(name);

    public void Dispose() => _folder.Dispose();
}
