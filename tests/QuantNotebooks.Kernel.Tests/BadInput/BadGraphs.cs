using Google.Protobuf;
using QuantNotebooks.Core.Tests;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Kernel.Tests.BadInput;

/// <summary>ONNX files that are well-formed protocol buffers and wrong networks.</summary>
internal static class BadGraphs
{
    public static void WriteTo(Action<string, byte[]> write)
    {
        Write("no-graph", new ModelProto { IrVersion = 8 });
        Write("no-nodes", new GraphBuilder().Input("x", 1).Output("x"));
        Write("no-opset", One("Relu"), model => model.OpsetImport.Clear());
        Write("future-opset", One("Relu"), model => model.OpsetImport[0].Version = 999);
        Write("future-ir", One("Relu"), model => model.IrVersion = 999);
        Write("unknown-operator", One("Frobnicate"));
        Write("unknown-domain", One("Relu"), model => model.Graph.Node[0].Domain = "com.example");
        Write("circle", new GraphBuilder().Input("x", 1, 2).Node("Add", ["x", "b"], "a").Node("Relu", ["a"], "b").Output("b"));
        Write("ghost", new GraphBuilder().Input("x", 1, 2).Node("Add", ["x", "ghost"], "a").Output("a"));
        Write("made-twice", new GraphBuilder().Input("x", 1, 2).Node("Relu", ["x"], "a").Node("Tanh", ["x"], "a").Output("a"));
        Write("no-such-output", new GraphBuilder().Input("x", 1, 2).Node("Relu", ["x"], "a").Output("b"));
        Write("no-output", new GraphBuilder().Input("x", 1, 2).Node("Relu", ["x"], "a"));
        Write("short-tensor", Convolution(), model => model.Graph.Initializer[0].RawData = ByteString.CopyFrom(1, 2));
        Write("huge-tensor", Convolution(), model => model.Graph.Initializer[0].Dims[0] = 800_000_000);
        Write("negative-shape", Convolution(), model => model.Graph.Initializer[0].Dims[0] = -1);
        Write("wrong-type", Convolution(), model => model.Graph.Initializer[0].DataType = 99);
        Write("wrong-channels", new GraphBuilder().Input("x", 1, 3, 4, 4).RandomConstant("w", 2, 5, 1, 1).Node("Conv", ["x", "w"], "y").Output("y"));
        Write("no-input-of-conv", new GraphBuilder().Input("x", 1, 3, 4, 4).Node("Conv", ["x"], "y").Output("y"));
        Write("external-none", Convolution(), model => External(model, ("location", "none.bin")));
        Write("external-nowhere", Convolution(), model => External(model));
        Write("external-outside", Convolution(), model => External(model, ("location", "../secret.bin")));
        Write("external-absolute", Convolution(), model => External(model, ("location", "/etc/hostname")));
        Write("external-short", Convolution(), model => External(model, ("location", "letter.onnx"), ("length", "99999")));
        Write("external-offset", Convolution(), model => External(model, ("location", "letter.onnx"), ("offset", "-4")));
        Write("nan-weights", new GraphBuilder().Input("x", 1, 1, 32, 32).Constant("w", [1, 1, 1, 1], float.NaN).Node("Conv", ["x", "w"], "y").Output("y"));
        Write("infinite-weights", new GraphBuilder().Input("x", 1, 1, 32, 32).Constant("w", [1, 1, 1, 1], float.PositiveInfinity).Node("Conv", ["x", "w"], "y").Output("y"));
        Write("no-layers", new GraphBuilder().Input("x", 1, 1, 32, 32).Node("Relu", ["x"], "y").Output("y"));
        Write("two-inputs", new GraphBuilder().Input("x", 1, 1, 32, 32).Input("z", 1, 1, 32, 32).RandomConstant("w", 1, 1, 1, 1).Node("Conv", ["x", "w"], "y").Node("Add", ["y", "z"], "s").Output("s"));

        void Write(string name, object model, Action<ModelProto>? change = null)
        {
            var made = model as ModelProto ?? ((GraphBuilder)model).Model;
            change?.Invoke(made);
            write(name + ".onnx", made.ToByteArray());
        }
    }

    private static GraphBuilder One(string operation) => new GraphBuilder().Input("x", 1, 2).Node(operation, ["x"], "y").Output("y");

    private static GraphBuilder Convolution() => new GraphBuilder().Input("x", 1, 1, 4, 4).Constant("w", [1, 1, 1, 1], 2f).Node("Conv", ["x", "w"], "y").Output("y");

    private static void External(ModelProto model, params (string Key, string Value)[] entries)
    {
        var tensor = model.Graph.Initializer[0];
        tensor.RawData = ByteString.Empty;
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.AddRange(entries.Select(entry => new StringStringEntryProto { Key = entry.Key, Value = entry.Value }));
    }
}
