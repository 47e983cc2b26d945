using Google.Protobuf;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>Reads and writes .onnx files; every failure is one clear line that names the file.</summary>
internal static class OnnxFile
{
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
            throw new QuantNotebooksException($"'{source}' is not an ONNX file, or it is truncated or damaged ({error.Message.TrimEnd('.')}).", error);
        }
        if (model.Graph is null || model.Graph.Node.Count == 0 || model.OpsetImport.Count == 0)
            throw new QuantNotebooksException($"'{source}' holds no ONNX network: it has no graph with nodes and operator set.");
        ExternalData.Inline(model, source);
        foreach (var tensor in TensorWalk.Tensors(model)) TensorData.Validate(tensor, source);
        foreach (var graph in TensorWalk.Graphs(model)) SparseTensors.WriteOut(graph, source);
        return model;
    }

    /// <summary>Writes under a temporary name beside the target and renames it, so that no half-written file is ever seen.</summary>
    public static void Write(ModelProto model, string path)
    {
        var temporary = path + ".tmp-" + Environment.ProcessId;
        try
        {
            using (var stream = File.Create(temporary)) model.WriteTo(stream);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Where the folder is missing, deleting would throw too, and hide the reason.
            if (File.Exists(temporary)) File.Delete(temporary);
            throw new QuantNotebooksException($"'{path}' can't be written: {error.Message}", error);
        }
    }
}
