using System.Security.Cryptography;
using Google.Protobuf;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>Reads and writes .onnx files; every failure is one clear line that names the file.</summary>
internal static class OnnxFile
{
    /// <summary>What every writer of ONNX begins with: field 1, the version of the format, as a varint.</summary>
    private const byte FirstByte = 0x08;

    /// <summary>What a look at the token is worth: so many bytes are read or hashed in some milliseconds.</summary>
    private const int PieceBytes = 8 << 20;

    /// <summary>Reads a network's file, and its external data.</summary>
    /// <returns>The model, and the SHA-256 of the file in lower-case hexadecimal.</returns>
    /// <exception cref="QuantNotebooksException">The file is missing, damaged or not ONNX.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static (ModelProto Model, string Sha256) Read(string path, CancellationToken cancellation)
    {
        var bytes = ReadBytes(path, cancellation);
        var hash = Hash(bytes, cancellation);
        return (Parse(bytes, path, cancellation), hash);
    }

    private static byte[] ReadBytes(string path, CancellationToken cancellation)
    {
        if (path.Length == 0) throw new QuantNotebooksException("The path of the network is empty; give an ONNX file (.onnx).");
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            return file.CanSeek && file.Length > 0 ? ReadKnown(file, cancellation) : ReadUnknown(file, cancellation);
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

    private static byte[] ReadKnown(FileStream file, CancellationToken cancellation)
    {
        if (file.Length > Array.MaxLength) throw new IOException("it is longer than 2 GB; keep the weights of such a network in files of their own (external data).");
        var bytes = GC.AllocateUninitializedArray<byte>((int)file.Length);
        for (var done = 0; done < bytes.Length; done += PieceBytes)
        {
            cancellation.ThrowIfCancellationRequested();
            file.ReadExactly(bytes.AsSpan(done, Math.Min(PieceBytes, bytes.Length - done)));
        }
        return bytes;
    }

    /// <summary>Of a pipe, say, which has no length.</summary>
    private static byte[] ReadUnknown(FileStream file, CancellationToken cancellation)
    {
        using var all = new MemoryStream();
        var piece = new byte[PieceBytes];
        for (int read; (read = file.Read(piece)) > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            all.Write(piece, 0, read);
        }
        return all.ToArray();
    }

    private static string Hash(byte[] bytes, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var done = 0; done < bytes.Length; done += PieceBytes)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(bytes.AsSpan(done, Math.Min(PieceBytes, bytes.Length - done)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <param name="bytes">The file's content.</param>
    /// <param name="source">Its path: what to call it in an error, and where its external data are looked for.</param>
    /// <param name="cancellation">Stops between two tensors of the external data.</param>
    public static ModelProto Parse(byte[] bytes, string source, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
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
        ExternalData.Inline(model, source, cancellation);
        foreach (var tensor in TensorWalk.Tensors(model)) TensorData.Validate(tensor, source);
        foreach (var graph in TensorWalk.Graphs(model)) SparseTensors.WriteOut(graph, source);
        return model;
    }

    /// <summary>Writes the file as a whole or not at all.</summary>
    public static void Write(ModelProto model, string path, CancellationToken cancellation) => Export.ReportFile.Write(path, model.WriteTo, cancellation);
}
