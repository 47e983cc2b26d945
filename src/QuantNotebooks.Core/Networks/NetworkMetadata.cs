using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using QuantNotebooks.Images;
using QuantNotebooks.Onnx;

namespace QuantNotebooks.Networks;

/// <summary>What a saved network says about itself in its ONNX metadata, so that loading it restores what was known.</summary>
internal static class NetworkMetadata
{
    private const string Prefix = "quantnotebooks.";

    public static Graph Write(Graph graph, NetworkFacts facts)
    {
        var entries = new List<KeyValuePair<string, string>>();
        if (!facts.History.IsEmpty) Add("history", JsonSerializer.Serialize(facts.History, JsonSerializerOptions.Web));
        if (facts.Task is not null) Add("task", facts.Task.ToJson());
        if (facts.Ranges is not null) Add("ranges", facts.Ranges.ToJson());
        if (!facts.ReferenceBiases.IsEmpty)
            Add("referenceBiases", JsonSerializer.Serialize(facts.ReferenceBiases.ToDictionary(
                pair => pair.Key, pair => pair.Value is { } bias ? Convert.ToBase64String(MemoryMarshal.AsBytes(bias.AsSpan())) : null)));
        if (!facts.ChannelFactors.IsEmpty)
            Add("channelFactors", JsonSerializer.Serialize(facts.ChannelFactors.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray())));
        return entries.Count == 0 ? graph : graph.WithMetadata(entries);

        void Add(string key, string value) => entries.Add(new(Prefix + key, value));
    }

    public static NetworkFacts Read(Graph graph, NetworkFacts facts, string source)
    {
        if (graph.Metadata(Prefix + "history") is { } history) facts = facts with { History = Parse<ImmutableArray<HistoryEntry>>(history, source, "history") };
        if (graph.Metadata(Prefix + "ranges") is { } ranges) facts = facts with { Ranges = ActivationRanges.Parse(ranges, source) };
        if (facts.Task is null && graph.Metadata(Prefix + "task") is { } task) facts = facts with { Task = TaskDescription.Parse(task, source) };
        if (graph.Metadata(Prefix + "referenceBiases") is { } biases)
            facts = facts with
            {
                ReferenceBiases = Parse<Dictionary<string, byte[]?>>(biases, source, "reference biases").ToImmutableSortedDictionary(
                    pair => pair.Key,
                    pair => pair.Value is null ? (ImmutableArray<float>?)null : [.. MemoryMarshal.Cast<byte, float>(pair.Value)],
                    StringComparer.Ordinal),
            };
        if (graph.Metadata(Prefix + "channelFactors") is { } factors)
            facts = facts with
            {
                ChannelFactors = Parse<Dictionary<string, double[]>>(factors, source, "channel factors")
                    .ToImmutableSortedDictionary(pair => pair.Key, pair => (ImmutableArray<double>)[.. pair.Value], StringComparer.Ordinal),
            };
        return facts;
    }

    private static T Parse<T>(string json, string source, string what)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, JsonSerializerOptions.Web) is { } value
                ? value
                : throw new QuantNotebooksException($"'{source}': the {what} in its metadata is empty.");
        }
        catch (JsonException error)
        {
            throw new QuantNotebooksException($"'{source}': the {what} in its metadata is damaged: {error.Message}", error);
        }
    }
}
