using System.Text.Json;
using QuantNotebooks.Equalization;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;

namespace QuantNotebooks.Export;

/// <summary>An equalization as a JSON document; <see cref="JsonExport"/> says how numbers are written.</summary>
public static class EqualizationJson
{
    /// <summary>The factors of every group, ranges before and after, what was refused and why, and the certificate.</summary>
    /// <remarks>
    /// <c>model</c> is the network before and <c>equalized</c> the one after. Lists of a group have one number a channel. <c>rangeBefore</c> and
    /// <c>rangeAfter</c> are max |w| of the weights that make the channel, <c>consumerRange...</c> of those that read it (of several layers the geometric mean), <c>activation...</c> max |x|
    /// on the images; <c>...BitsGained</c> is log2 of how many times more steps of its tensor's grid the channel spans. Certificate: the differences are
    /// null without images.
    /// </remarks>
    public static string ToJson(this EqualizationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Write(result, scheme: null, _ => { });
    }

    /// <summary>The same, and what the equalization does to each layer's noise under a scheme.</summary>
    /// <remarks>
    /// <c>layers</c> have one entry a layer: noise to signal energy of the network's output with that layer alone quantized (<c>noise</c>), with its weights
    /// alone (<c>weightNoise</c>), with the values that it reads and makes alone (<c>valueNoise</c>), each before and after.
    /// </remarks>
    public static string ToJson(this EqualizationEffect effect)
    {
        ArgumentNullException.ThrowIfNull(effect);
        return Write(effect.Equalization, effect.Scheme, writer =>
        {
            writer.WriteString("finding", effect.Finding);
            WriteChange(writer, "together", effect.Together);
            writer.WriteArray("layers", effect.Layers, layer =>
            {
                writer.WriteString("name", layer.Name);
                WriteChange(writer, "noise", layer.Noise);
                WriteChange(writer, "weightNoise", layer.WeightNoise);
                WriteChange(writer, "valueNoise", layer.ValueNoise);
                WriteChange(writer, "weightRatio", layer.WeightRatio);
                WriteChange(writer, "readRatio", layer.ReadRatio);
                WriteChange(writer, "madeRatio", layer.MadeRatio);
                writer.WriteNumber("heldFactors", layer.HeldFactors);
            });
        });
    }

    private static void WriteChange(Utf8JsonWriter writer, string name, BeforeAfter change)
    {
        writer.WriteFinite(name + "Before", change.Before);
        writer.WriteFinite(name + "After", change.After);
    }

    private static string Write(EqualizationResult result, QuantizationScheme? scheme, Action<Utf8JsonWriter> more)
    {
        var before = result.IsUnchanged ? result.Network : result.Network.Parent!;
        return ReportJson.Write(before, scheme, result.Images, writer =>
        {
            writer.WriteString("method", result.Method.Text());
            writer.WriteNumber("maxFactor", result.Options.MaxFactor);
            writer.WriteBoolean("powerOfTwo", result.Options.PowerOfTwo);
            writer.WriteBoolean("releasedCode", result.Options.ReleasedCode);
            writer.WriteDerived("equalized", result.Network);
            writer.WriteArray("groups", result.Groups, group => WriteGroup(writer, group));
            writer.WriteArray("refused", result.Refused, edge =>
            {
                writer.WriteString("from", edge.From);
                writer.WriteString("to", edge.To);
                writer.WriteString("reason", edge.Reason);
            });
            writer.WriteCertificate(result.Certificate);
            WriteStructure(writer, result.Structure);
            more(writer);
        });
    }

    private static void WriteStructure(Utf8JsonWriter writer, StructureCertificate? structure)
    {
        if (structure is null)
        {
            writer.WriteNull("structure");
            return;
        }
        writer.WriteStartObject("structure");
        writer.WriteBoolean("holds", structure.Holds);
        writer.WriteNumber("nodes", structure.Nodes);
        writer.WriteNumber("scaledTensors", structure.ScaledTensors);
        writer.WriteNames("faults", structure.Faults);
        writer.WriteEndObject();
    }

    private static void WriteGroup(Utf8JsonWriter writer, FactorGroup group)
    {
        writer.WriteNames("producers", group.Producers);
        writer.WriteNames("consumers", group.Consumers);
        writer.WriteNumbers("factors", group.Factors.AsEnumerable());
        WriteRanges(writer, "range", group.Weights);
        WriteRanges(writer, "consumerRange", group.ConsumerWeights);
        writer.WriteNumbers("weightBitsGained", group.WeightBitsGained.AsEnumerable());
        if (group.Activations is null) return;
        WriteRanges(writer, "activation", group.Activations);
        writer.WriteNumbers("activationBitsGained", group.ActivationBitsGained.AsEnumerable());
    }

    private static void WriteRanges(Utf8JsonWriter writer, string name, ChannelRanges ranges)
    {
        writer.WriteNumbers(name + "Before", ranges.Before);
        writer.WriteNumbers(name + "After", ranges.After);
    }
}
