using Google.Protobuf;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>Damaged networks load or are refused with the library's own exception; nothing else, and nothing hangs.</summary>
public sealed class NetworkFuzzTests
{
    private const int Cases = 600;

    public static TheoryData<string, int> Seeds => new()
    {
        { "bits", 1 },
        { "structure", 2 },
        { "structure", 3 },
    };

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Damage_is_survived_or_refused(string kind, int seed)
    {
        using var folder = new TemporaryFolder();
        var original = File.ReadAllBytes(TestData.PathOf(TestData.ResNet14));
        var model = ModelProto.Parser.ParseFrom(original);
        var random = new Random(seed);
        var refused = 0;
        for (var index = 0; index < Cases; index++)
        {
            var bytes = kind == "bits" ? FlipBits(original, random) : Restructure(model, random).ToByteArray();
            var file = folder.Write("damaged.onnx", bytes);
            try
            {
                Network.Load(file);
            }
            catch (QuantNotebooksException error)
            {
                refused++;
                Assert.DoesNotContain('\n', error.Message);
            }
            catch (Exception error)
            {
                Assert.Fail($"case {index} of seed {seed}: {error.GetType().Name}: {error.Message}\n{error.StackTrace}");
            }
        }
        Assert.InRange(refused, Cases / 20, Cases);
    }

    private static byte[] FlipBits(byte[] original, Random random)
    {
        // The structure stands in the small messages between the weights: half of the damage goes to the first and last kilobytes.
        var bytes = random.Next(4) == 0 ? original[..random.Next(original.Length)] : (byte[])original.Clone();
        if (bytes.Length == 0) return bytes;
        for (var flips = random.Next(1, 8); flips > 0; flips--)
        {
            var at = random.Next(2) == 0 ? random.Next(bytes.Length) : random.Next(Math.Min(bytes.Length, 20_000));
            bytes[at] ^= (byte)(1 << random.Next(8));
        }
        return bytes;
    }

    private static ModelProto Restructure(ModelProto model, Random random)
    {
        var damaged = model.Clone();
        var graph = damaged.Graph;
        var node = graph.Node[random.Next(graph.Node.Count)];
        var other = graph.Node[random.Next(graph.Node.Count)];
        var tensor = graph.Initializer[random.Next(graph.Initializer.Count)];
        switch (random.Next(16))
        {
            case 0: graph.Node.Remove(node); break;
            case 1: graph.Node.Add(node.Clone()); break;
            case 2: if (node.Input.Count > 0) node.Input[random.Next(node.Input.Count)] = other.Output[0]; break;
            case 3: node.Output[0] = other.Output[0]; break;
            case 4: node.OpType = other.OpType; break;
            case 5: node.Attribute.Clear(); break;
            case 6: if (node.Input.Count > 0) node.Input.RemoveAt(random.Next(node.Input.Count)); break;
            case 7: tensor.Dims.Clear(); break;
            case 8: if (tensor.Dims.Count > 0) tensor.Dims[random.Next(tensor.Dims.Count)] = random.Next(-2, 5); break;
            case 9: tensor.RawData = ByteString.CopyFrom(tensor.RawData.Span[..(tensor.RawData.Length / 2)]); break;
            case 10: tensor.DataType = random.Next(0, 25); break;
            case 11: graph.Initializer.Remove(tensor); break;
            case 12: graph.Output[0].Name = other.Output[0]; break;
            case 13: graph.Input[0].Name = "elsewhere"; break;
            case 14: foreach (var attribute in node.Attribute) attribute.I = random.Next(-3, 9); break;
            default: if (node.Attribute.Count > 0 && node.Attribute[0].Ints.Count > 0) node.Attribute[0].Ints[0] = random.NextInt64(-5, 1L << 40); break;
        }
        return damaged;
    }
}
