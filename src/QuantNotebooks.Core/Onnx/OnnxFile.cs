using Google.Protobuf;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>Reads and writes .onnx files; every failure is one clear line that names the file.</summary>
internal static class OnnxFile
{
    /// <summary>What every writer of ONNX begins with: field 1, the version of the format, as a varint.</summary>
    private const byte FirstByte = 0x08;

    public static byte[] ReadBytes(string path)
    {
        if (path.Length == 0) throw new QuantNotebooksException("The path of the network is empty; give an ONNX file (.onnx).");
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new QuantNotebooksException(Directory.Exists(path)
                ? $"'{path}' is a folder; an ONNX file (.onnx) is wanted."
                : $"There is no file '{path}'.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new QuantNotebooksException(Directory.Exists(path)
                ? $"'{path}' is a folder; an ONNX file (.onnx) is wanted."
                : $"'{path}' can't be read: {error.Message}", error);
        }
    }

    /// <param name="bytes">The file's content.</param>
    /// <param name="source">Its path: what to call it in an error, and where its external data are looked for.</param>
    public static ModelProto Parse(byte[] bytes, string source)
    {
        if (bytes.Length == 0) throw new QuantNotebooksException($"'{source}' is empty; an ONNX file is wanted.");
        ModelProto model;
        try
        {
            model = ModelProto.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new QuantNotebooksException(bytes[0] == FirstByte
                ? $"'{source}' begins as an ONNX file and is truncated or damaged: it can't be read to its end."
                : $"'{source}' is not an ONNX file.", error);
        }
        var missing = model.Graph is null ? "it has no graph" : model.Graph.Node.Count == 0 ? "its graph has no nodes" : model.OpsetImport.Count == 0 ? "it names no operator set (opset_import)" : null;
        if (missing is not null) throw new QuantNotebooksException($"'{source}' holds no ONNX network: {missing}.");
        ExternalData.Inline(model, source);
        foreach (var tensor in TensorWalk.Tensors(model)) TensorData.Validate(tensor, source);
        foreach (var graph in TensorWalk.Graphs(model)) SparseTensors.WriteOut(graph, source);
        return model;
    }

    /// <summary>Writes the file as a whole or not at all.</summary>
    public static void Write(ModelProto model, string path) => Export.ReportFile.Write(path, model.WriteTo);
}
