using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
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
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new QuantNotebooksException($"'{path}' can't be read: {error.Message.ReplaceLineEndings(" ")}", error);
        }
        if (!bytes.AsSpan().StartsWith(Magic)) throw new QuantNotebooksException($"'{path}' is not a file of statistics (.qns).");
        var end = bytes.Length - SHA256.HashSizeInBytes;
        if (end < Magic.Length + sizeof(int) || !SHA256.HashData(bytes.AsSpan(0, end)).AsSpan().SequenceEqual(bytes.AsSpan(end)))
            throw new QuantNotebooksException($"'{path}' is damaged: its checksum does not fit. Delete it and measure again.");
        using var reader = new BinaryReader(new MemoryStream(bytes, Magic.Length, end - Magic.Length));
        return Read(reader, path);
    }

    private static SavedShift Read(BinaryReader reader, string path)
    {
        var text = Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadInt32()));
        var head = JsonSerializer.Deserialize<Head>(text, JsonSerializerOptions.Web)!;
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
