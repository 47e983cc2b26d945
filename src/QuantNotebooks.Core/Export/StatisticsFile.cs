using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Export;

/// <summary>
/// Statistics of a mean shift as a file (.qns): eight bytes "QNSTAT01", the length of a head in JSON (32 bits, little-endian), the head, then
/// for each layer and channel the moments before and after the activation and the shift's parts as 64-bit numbers, and a SHA-256 of all that.
/// </summary>
public static class StatisticsFile
{
    private const int Contract = 1;

    /// <summary>Moments that a channel has at each measuring point: full precision, quantized, error, error of an image.</summary>
    private const int MomentsAtPoint = 4;

    private const int MomentsBytes = sizeof(long) + 4 * sizeof(double);

    private const int SplitBytes = sizeof(long) + 4 * sizeof(double);

    private static ReadOnlySpan<byte> Magic => "QNSTAT01"u8;

    /// <summary>Writes the file, as a whole or not at all.</summary>
    /// <exception cref="QuantNotebooksException">The file can't be written.</exception>
    public static void Save(this SavedShift statistics, string path)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Magic);
        var head = JsonSerializer.SerializeToUtf8Bytes(HeadOf(statistics), JsonSerializerOptions.Web);
        writer.Write(head.Length);
        writer.Write(head);
        foreach (var layer in statistics.Layers)
        {
            foreach (var channel in layer.Before.Channels.AddRange(layer.After.Channels)) Write(writer, channel);
            foreach (var channel in layer.Split?.Channels ?? []) Write(writer, channel);
        }
        writer.Flush();
        writer.Write(SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        ReportFile.Write(path, stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    /// <summary>Reads a file that <see cref="Save"/> wrote.</summary>
    /// <exception cref="QuantNotebooksException">There is no such file, it is damaged, or it is something else.</exception>
    public static SavedShift Load(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new QuantNotebooksException($"There is no file '{path}'.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new QuantNotebooksException($"'{path}' can't be read: {error.Message.ReplaceLineEndings(" ")}", error);
        }
        if (!bytes.AsSpan().StartsWith(Magic)) throw new QuantNotebooksException($"'{path}' is not a file of statistics (.qns).");
        var end = bytes.Length - SHA256.HashSizeInBytes;
        if (end < Magic.Length + sizeof(int) || !SHA256.HashData(bytes.AsSpan(0, end)).AsSpan().SequenceEqual(bytes.AsSpan(end)))
            throw new QuantNotebooksException($"'{path}' is damaged: its checksum does not fit. Delete it and measure again.");
        using var reader = new BinaryReader(new MemoryStream(bytes, Magic.Length, end - Magic.Length));
        return Read(reader, end - Magic.Length, path);
    }

    private static SavedShift Read(BinaryReader reader, int length, string path)
    {
        var head = ReadHead(reader, length, path);
        if (head.Contract != Contract)
            throw new QuantNotebooksException(FormattableString.Invariant($"'{path}' follows contract {head.Contract}, and this is {ToolVersion.Text}, which reads contract {Contract}."));
        return new SavedShift
        {
            ModelPath = head.ModelPath,
            NetworkSha256 = head.NetworkSha256,
            KeepsDeadChannels = head.KeepsDeadChannels,
            Scheme = QuantizationScheme.Parse(head.Scheme, path),
            Ranges = ActivationRanges.Parse(head.Ranges, path),
            ImagesPath = head.ImagesPath,
            TotalImages = head.TotalImages,
            Parts = [.. head.Parts],
            Layers = [.. head.Layers.Select(layer => new SavedLayer(
                layer.Name, ReadStatistics(reader, layer.Channels), ReadStatistics(reader, layer.Channels), head.IsSplit ? ReadSplit(reader, layer.Channels) : null))],
        };
    }

    /// <summary>The head, if it is one and the numbers behind it are as many as it says.</summary>
    private static Head ReadHead(BinaryReader reader, int length, string path)
    {
        var bytes = reader.ReadInt32();
        if (bytes < 0 || bytes > length - sizeof(int)) throw Damaged("its head is longer than the file");
        Head? head;
        try
        {
            head = JsonSerializer.Deserialize<Head>(reader.ReadBytes(bytes), JsonSerializerOptions.Web);
        }
        catch (JsonException error)
        {
            throw Damaged("its head is no JSON, or other JSON", error);
        }
        if (head is not { ModelPath: not null, NetworkSha256: not null, Scheme: not null, Ranges: not null, ImagesPath: not null, Parts.Length: > 0, Layers: not null }
            || head.Parts.Any(part => part is not { First: >= 0, Count: >= 1, Sha256: not null } || (long)part.First + part.Count > head.TotalImages)
            || head.Layers.Any(layer => layer is not { Name: not null, Channels: >= 0 }))
            throw Damaged("its head lacks a field, or a number in it is impossible");
        var numbers = 2L * MomentsAtPoint * MomentsBytes + (head.IsSplit ? SplitBytes : 0);
        return head.Layers.Sum(layer => layer.Channels * numbers) == length - sizeof(int) - bytes ? head : throw Damaged("it holds other numbers than its head says");

        QuantNotebooksException Damaged(string why, Exception? inner = null) => new($"'{path}' is damaged: {why}. Delete it and measure again.", inner!);
    }

    private static Head HeadOf(SavedShift statistics) => new(
        Contract, ToolVersion.Text, statistics.ModelPath, statistics.NetworkSha256, statistics.KeepsDeadChannels, statistics.Scheme.ToJson(),
        statistics.Ranges.ToJson(), statistics.ImagesPath, statistics.TotalImages, [.. statistics.Parts],
        [.. statistics.Layers.Select(layer => new LayerHead(layer.Name, layer.Before.Channels.Length))],
        statistics.Layers.Any(layer => layer.Split is not null));

    private static void Write(BinaryWriter writer, ChannelShift channel)
    {
        foreach (var moments in (ReadOnlySpan<Moments>)[channel.Float, channel.Quantized, channel.Error, channel.ImageError])
        {
            writer.Write(moments.Count);
            writer.Write(moments.Mean);
            writer.Write(moments.SquaredDeviations);
            writer.Write(moments.Minimum);
            writer.Write(moments.Maximum);
        }
    }

    private static void Write(BinaryWriter writer, ChannelSplit channel)
    {
        writer.Write(channel.Count);
        writer.Write(channel.Weights);
        writer.Write(channel.InputRounding);
        writer.Write(channel.Inherited);
        writer.Write(channel.PredictedWeights);
    }

    private static ShiftStatistics ReadStatistics(BinaryReader reader, int channels)
    {
        var read = ImmutableArray.CreateBuilder<ChannelShift>(channels);
        for (var channel = 0; channel < channels; channel++) read.Add(new ChannelShift(ReadMoments(), ReadMoments(), ReadMoments(), ReadMoments()));
        return new ShiftStatistics(read.MoveToImmutable());

        Moments ReadMoments() => new(reader.ReadInt64(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble());
    }

    private static ShiftSplit ReadSplit(BinaryReader reader, int channels)
    {
        var read = ImmutableArray.CreateBuilder<ChannelSplit>(channels);
        for (var channel = 0; channel < channels; channel++)
            read.Add(new ChannelSplit(reader.ReadInt64(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble()));
        return new ShiftSplit(read.MoveToImmutable());
    }

    private sealed record Head(
        int Contract, string Tool, string ModelPath, string NetworkSha256, bool KeepsDeadChannels, string Scheme, string Ranges, string ImagesPath,
        int TotalImages, MeasuredPart[] Parts, LayerHead[] Layers, bool IsSplit);

    private sealed record LayerHead(string Name, int Channels);
}
