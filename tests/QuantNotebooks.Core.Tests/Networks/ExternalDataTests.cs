using Google.Protobuf;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>Weights in files beside the network are read; files elsewhere are refused.</summary>
public sealed class ExternalDataTests
{
    /// <summary>ResNet-14 with every weight of more than 100 bytes moved into weights.bin.</summary>
    private static (ModelProto Model, byte[] Data) Split(Action<TensorProto>? damage = null)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(TestData.PathOf(TestData.ResNet14)));
        using var data = new MemoryStream();
        foreach (var tensor in model.Graph.Initializer.Where(tensor => tensor.RawData.Length > 100))
        {
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "weights.bin" });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = FormattableString.Invariant($"{data.Length}") });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = FormattableString.Invariant($"{tensor.RawData.Length}") });
            data.Write(tensor.RawData.Span);
            tensor.RawData = ByteString.Empty;
        }
        damage?.Invoke(model.Graph.Initializer.First(tensor => tensor.ExternalData.Count > 0));
        return (model, data.ToArray());
    }

    private static string Refusal(ModelProto model, byte[]? data)
    {
        using var folder = new TemporaryFolder();
        if (data is not null) folder.Write("weights.bin", data);
        return Assert.Throws<QuantNotebooksException>(() => Network.Load(folder.Write("split.onnx", model.ToByteArray()))).Message;
    }

    [Fact]
    public void A_split_network_is_the_whole_one()
    {
        using var folder = new TemporaryFolder();
        var (model, data) = Split();
        folder.Write("weights.bin", data);
        var network = Network.Load(folder.Write("split.onnx", model.ToByteArray()));
        Assert.Equal(TestData.Load(TestData.ResNet14).FunctionSha256, network.FunctionSha256);
    }

    [Theory]
    [InlineData("../weights.bin")]
    [InlineData("/etc/hostname")]
    [InlineData("below/../../weights.bin")]
    public void A_path_out_of_the_folder_is_refused(string location)
    {
        var (model, data) = Split(tensor => tensor.ExternalData[0].Value = location);
        Assert.Contains("outside the network's folder: refused", Refusal(model, data), StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_is_refused()
    {
        using var folder = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        var (model, data) = Split();
        File.CreateSymbolicLink(Path.Combine(folder.Path, "weights.bin"), elsewhere.Write("secret.bin", data));
        var error = Assert.Throws<QuantNotebooksException>(() => Network.Load(folder.Write("split.onnx", model.ToByteArray())));
        Assert.Contains("refused", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_a_link_is_refused()
    {
        using var folder = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        var (model, data) = Split(tensor => tensor.ExternalData[0].Value = "below/weights.bin");
        elsewhere.Write("weights.bin", data);
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "below"), elsewhere.Path);
        var error = Assert.Throws<QuantNotebooksException>(() => Network.Load(folder.Write("split.onnx", model.ToByteArray())));
        Assert.Contains("refused", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_and_short_files_and_odd_numbers_are_named()
    {
        var (model, data) = Split();
        Assert.Contains("weights.bin", Refusal(model, null), StringComparison.Ordinal);
        Assert.Contains("truncated or another one", Refusal(model, data[..1000]), StringComparison.Ordinal);
        var (odd, _) = Split(tensor => tensor.ExternalData[1].Value = "-5");
        Assert.Contains("offset of its external data as '-5'", Refusal(odd, data), StringComparison.Ordinal);
        var (nameless, _) = Split(tensor => tensor.ExternalData.RemoveAt(0));
        Assert.Contains("does not say in which file", Refusal(nameless, data), StringComparison.Ordinal);
        var (huge, _) = Split(tensor => tensor.ExternalData[2].Value = "3000000000");
        Assert.Contains("wants 3000000000 bytes", Refusal(huge, data), StringComparison.Ordinal);
    }
}
