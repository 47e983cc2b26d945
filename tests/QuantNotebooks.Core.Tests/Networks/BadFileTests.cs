using System.Text;
using Google.Protobuf;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using Graph = QuantNotebooks.Onnx.Graph;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>A wrong file is one clear line that names it.</summary>
public sealed class BadFileTests
{
    private static string MessageOf(string path)
    {
        var message = Assert.Throws<QuantNotebooksException>(() => Network.Load(path)).Message;
        Assert.DoesNotContain('\n', message);
        Assert.Contains(Path.GetFileName(path), message, StringComparison.Ordinal);
        return message;
    }

    [Fact]
    public void A_missing_file_is_named() => Assert.Contains("There is no file", MessageOf("no-such-network.onnx"), StringComparison.Ordinal);

    [Fact]
    public void A_folder_is_not_a_network()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("is a folder", MessageOf(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_file_is_not_a_network()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("is empty", MessageOf(folder.Write("empty.onnx", [])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hello, this is no network at all")]
    [InlineData("{\"ir_version\": 7}")]
    public void Text_is_not_a_network(string text)
    {
        using var folder = new TemporaryFolder();
        var message = MessageOf(folder.Write("text.onnx", Encoding.UTF8.GetBytes(text)));
        Assert.Matches("not an ONNX file|holds no ONNX network", message);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1000)]
    [InlineData(100_000)]
    [InlineData(3_373_573)]
    public void A_truncated_file_is_said_to_be_damaged(int length)
    {
        using var folder = new TemporaryFolder();
        var message = MessageOf(folder.Write("cut.onnx", File.ReadAllBytes(TestData.PathOf(TestData.MobileNetV1))[..length]));
        Assert.Matches("truncated or damaged|holds no ONNX network|is damaged|nothing makes|refuses", message);
    }

    [Fact]
    public void A_circle_and_a_missing_tensor_are_named()
    {
        using var folder = new TemporaryFolder();
        var circle = new GraphBuilder().Input("x", 1, 2).Node("Add", ["x", "b"], "a").Node("Relu", ["a"], "b").Output("b").Model;
        var missing = new GraphBuilder().Input("x", 1, 2).Node("Add", ["x", "ghost"], "a").Output("a").Model;
        Assert.Throws<QuantNotebooksException>(() => Network.Load(folder.Write("circle.onnx", circle.ToByteArray())));
        Assert.Contains("circle", Assert.Throws<QuantNotebooksException>(() => Graph.From(circle, "circle.onnx")).Message, StringComparison.Ordinal);
        Assert.Contains("'ghost'", Assert.Throws<QuantNotebooksException>(() => Graph.From(missing, "missing.onnx")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_shorter_than_its_shape_is_refused_before_anything_is_allocated()
    {
        using var folder = new TemporaryFolder();
        var model = new GraphBuilder().Input("x", 0, 1, 4).Constant("w", [800_000_000, 1, 1], 1f).Node("Conv", ["x", "w"], "y").Output("y").Model;
        Assert.Contains("should hold 800000000 values and holds 1", MessageOf(folder.Write("huge.onnx", model.ToByteArray())), StringComparison.Ordinal);
    }

    [Fact]
    public void A_sparse_tensor_is_written_out_and_one_too_large_is_refused()
    {
        using var folder = new TemporaryFolder();
        ModelProto Model(params long[] shape)
        {
            var model = new GraphBuilder().Input("x", 0, 3).Node("MatMul", ["x", "w"], "y").Output("y").Model;
            var sparse = new SparseTensorProto { Values = TensorData.Create("w", [2], [5f, -2f]), Indices = new TensorProto { Name = "indices", DataType = (int)TensorProto.Types.DataType.Int64 } };
            sparse.Dims.AddRange(shape);
            sparse.Indices.Dims.Add(2);
            sparse.Indices.Int64Data.AddRange([1, 4]);
            model.Graph.SparseInitializer.Add(sparse);
            return model;
        }
        Assert.Equal([0f, 5f, 0f, 0f, -2f, 0f], Assert.Single(Network.Load(folder.Write("sparse.onnx", Model(3, 2).ToByteArray())).Layers).Weights.ToArray());
        Assert.Contains("larger than", MessageOf(folder.Write("huge.onnx", Model(3, 1L << 40).ToByteArray())), StringComparison.Ordinal);
        Assert.Contains("outside its shape", MessageOf(folder.Write("outside.onnx", Model(1, 2).ToByteArray())), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_of_the_wrong_type_is_named_by_the_node_that_reads_it()
    {
        using var folder = new TemporaryFolder();
        var model = new GraphBuilder().Input("x", 0, 1, 4).RandomConstant("w", 2, 1, 1).Node("Conv", ["x", "w"], "y").Output("y").Model;
        model.Graph.Initializer[0] = TensorData.Create("w", [2, 1, 1], [1, 2]);
        Assert.Contains("Conv/y", MessageOf(folder.Write("mixed.onnx", model.ToByteArray())), StringComparison.Ordinal);
    }

    [Fact]
    public void An_operator_that_onnx_runtime_does_not_know_is_named()
    {
        using var folder = new TemporaryFolder();
        var model = new GraphBuilder().Input("x", 0, 4).Node("Frobnicate", ["x"], "y").Output("y").Model;
        Assert.Contains("Frobnicate", MessageOf(folder.Write("unknown.onnx", model.ToByteArray())), StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_without_a_sidecar_says_what_is_missing_when_images_come()
    {
        using var folder = new TemporaryFolder();
        var network = Network.Load(folder.Write("bare.onnx", File.ReadAllBytes(TestData.PathOf(TestData.ResNet14))));
        var error = Assert.Throws<QuantNotebooksException>(() => new QuantNotebooks.Sweep.ImageBatches(network, TestData.Test));
        Assert.Contains("bare.task.json", error.Message, StringComparison.Ordinal);
    }
}
