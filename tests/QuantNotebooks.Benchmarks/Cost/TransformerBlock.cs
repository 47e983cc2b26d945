using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Benchmarks.Cost;

/// <summary>
/// The linear layers of one transformer block of a width d, 12 d^2 random weights in a file of external data beside the network: three projections, which are added up in attention's place,
/// the output projection, and the two layers of the feed-forward part. Read from disk as any user's network is.
/// </summary>
internal static class TransformerBlock
{
    /// <summary>Tokens in a sequence.</summary>
    public const int Tokens = 16;

    /// <summary>Writes the block into a folder and reads it.</summary>
    public static Network Load(string folder, int width, int seed)
    {
        var model = new ModelProto { IrVersion = 8, Graph = new GraphProto { Name = "block" } };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = 13 });
        model.Graph.Input.Add(Value("x", width));
        model.Graph.Output.Add(Value("y", width));
        var (random, count) = (new Random(seed), 0);
        using (var data = File.Create(Path.Combine(folder, "block.data")))
        {
            var (query, key, value) = (MatMul("x", width, width), MatMul("x", width, width), MatMul("x", width, width));
            var attended = MatMul(Node("Add", Node("Add", query, key), value), width, width);
            var stream = Node("Add", "x", attended);
            var inner = MatMul(Node("Relu", MatMul(stream, width, 4 * width)), 4 * width, width);
            model.Graph.Node.Add(new NodeProto { OpType = "Add", Name = "last", Input = { stream, inner }, Output = { "y" } });

            string MatMul(string input, int from, int to)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"w{count++}");
                var tensor = new TensorProto { Name = name, DataType = 1, DataLocation = TensorProto.Types.DataLocation.External };
                tensor.Dims.AddRange([from, to]);
                foreach (var (entry, text) in ((string, string)[])[("location", "block.data"), ("offset", Text(data.Position)), ("length", Text(4L * from * to))])
                    tensor.ExternalData.Add(new StringStringEntryProto { Key = entry, Value = text });
                model.Graph.Initializer.Add(tensor);
                var (row, reach) = (new float[to], (float)Math.Sqrt(3.0 / from));
                for (var index = 0; index < from; index++)
                {
                    for (var column = 0; column < to; column++) row[column] = (2 * random.NextSingle() - 1) * reach;
                    data.Write(MemoryMarshal.AsBytes(row.AsSpan()));
                }
                return Node("MatMul", input, name);
            }
        }
        var path = Path.Combine(folder, "block.onnx");
        using (var file = File.Create(path)) model.WriteTo(file);
        return Network.Load(path);

        string Node(string operation, params string[] inputs)
        {
            var output = string.Create(CultureInfo.InvariantCulture, $"t{count++}");
            model.Graph.Node.Add(new NodeProto { OpType = operation, Name = operation + output, Input = { inputs }, Output = { output } });
            return output;
        }
    }

    /// <summary>Sequences of random tokens, as a file of float32 tensors.</summary>
    public static ImageSet Sequences(string folder, int width, int count)
    {
        var path = Path.Combine(folder, $"tokens-{Guid.NewGuid():n}.npy");
        using (var file = File.Create(path))
        {
            var header = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, {Tokens}, {width}), }}").PadRight(117) + "\n";
            file.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header)]);
            var random = new Random(count);
            var row = new float[width];
            for (var token = 0; token < count * Tokens; token++)
            {
                for (var index = 0; index < width; index++) row[index] = (2 * random.NextSingle() - 1) * MathF.Sqrt(3);
                file.Write(MemoryMarshal.AsBytes(row.AsSpan()));
            }
        }
        return ImageSet.Load(path);
    }

    private static ValueInfoProto Value(string name, int width)
    {
        var shape = new TensorShapeProto();
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = "N" });
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = Tokens });
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = width });
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1, Shape = shape } } };
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
