using System.Text;
using System.Text.Json;
using QuantNotebooks.Images;

namespace QuantNotebooks.Quantization;

/// <summary>A <see cref="QuantizationScheme"/> in reports and metadata: writing and reading stand side by side, field by field.</summary>
internal static class SchemeJson
{
    /// <summary>All fields.</summary>
    public static string[] Fields { get; } =
    [
        "name", "weightBits", "activationBits", "boundaryBits", "perChannel", "biasBits", "range", "weightRange", "symmetricWeights", "symmetricActivations",
        "powerOfTwoScales", "overrides",
    ];

    /// <summary>The scheme as an object on one line.</summary>
    public static string Write(QuantizationScheme scheme)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            WriteFields(writer, scheme);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    /// <summary>Writes the scheme's fields into an object that is open.</summary>
    public static void WriteFields(Utf8JsonWriter writer, QuantizationScheme scheme)
    {
        writer.WriteString("name", scheme.ToString());
        WriteBits(writer, "weightBits", scheme.WeightBits);
        WriteBits(writer, "activationBits", scheme.ActivationBits);
        WriteBits(writer, "boundaryBits", scheme.BoundaryBits);
        writer.WriteBoolean("perChannel", scheme.WeightGranularity == WeightGranularity.PerChannel);
        WriteBits(writer, "biasBits", scheme.Bias switch { BiasPrecision.Int32 => 32, BiasPrecision.Int16 => 16, _ => null });
        writer.WriteString("range", scheme.ActivationRange.ToString());
        writer.WriteString("weightRange", scheme.WeightRange.ToString());
        writer.WriteBoolean("symmetricWeights", scheme.SymmetricWeights);
        writer.WriteBoolean("symmetricActivations", scheme.SymmetricActivations);
        writer.WriteBoolean("powerOfTwoScales", scheme.PowerOfTwoScales);
        writer.WriteStartArray("overrides");
        foreach (var other in scheme.Overrides)
        {
            writer.WriteStartObject();
            writer.WriteString("layer", other.Layer);
            WriteBits(writer, "weightBits", other.WeightBits);
            WriteBits(writer, "activationBits", other.ActivationBits);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    /// <summary>Reads the scheme of a report, or a scheme by itself. Fields that are absent have the default.</summary>
    /// <exception cref="QuantNotebooksException">The text is no JSON, or a field is wrong.</exception>
    public static QuantizationScheme Read(string json, string source) => JsonField.Read(json, source, root =>
    {
        var field = root.Optional("scheme") ?? root;
        return field.IsNull ? throw field.Error("is null: nothing was quantized in this report") : Read(field);
    });

    /// <summary>Reads a scheme that stands in another document.</summary>
    /// <exception cref="QuantNotebooksException">A field is wrong.</exception>
    public static QuantizationScheme Read(JsonField field)
    {
        var otherwise = QuantizationScheme.Int8PerTensor;
        return Checked(field, () => new QuantizationScheme
        {
            WeightBits = Bits(field["weightBits"]),
            ActivationBits = Bits(field["activationBits"]),
            WeightGranularity = field.Optional("perChannel")?.AsBoolean() == true ? WeightGranularity.PerChannel : WeightGranularity.PerTensor,
            Bias = field.Optional("biasBits") is { } bias ? ReadBias(bias) : otherwise.Bias,
            ActivationRange = field.Optional("range") is { } range ? RangeEstimator.Parse(range.AsString()) : otherwise.ActivationRange,
            WeightRange = field.Optional("weightRange") is { } weightRange ? RangeEstimator.Parse(weightRange.AsString()) : otherwise.WeightRange,
            SymmetricWeights = field.Optional("symmetricWeights")?.AsBoolean() ?? otherwise.SymmetricWeights,
            SymmetricActivations = field.Optional("symmetricActivations")?.AsBoolean() ?? otherwise.SymmetricActivations,
            PowerOfTwoScales = field.Optional("powerOfTwoScales")?.AsBoolean() ?? otherwise.PowerOfTwoScales,
            Overrides = field.Optional("overrides")?.AsList(ReadOverride, mayBeEmpty: true) ?? otherwise.Overrides,
        });
    }

    private static LayerOverride ReadOverride(JsonField field) =>
        new(field["layer"].AsNonEmptyString(), Bits(field["weightBits"]), Bits(field["activationBits"]));

    private static int? Bits(JsonField field) => field.IsNull ? null : field.AsInteger();

    private static BiasPrecision ReadBias(JsonField field) => Bits(field) switch
    {
        null => BiasPrecision.Float,
        16 => BiasPrecision.Int16,
        32 => BiasPrecision.Int32,
        _ => throw field.Error("must be 32, 16 or null"),
    };

    // What the scheme itself refuses is said with the source.
    private static QuantizationScheme Checked(JsonField field, Func<QuantizationScheme> read)
    {
        try
        {
            return read();
        }
        catch (QuantNotebooksException error) when (!error.Message.StartsWith(field.Source, StringComparison.Ordinal))
        {
            throw field.Error($"holds no scheme: {error.Message.TrimEnd('.')}");
        }
    }

    private static void WriteBits(Utf8JsonWriter writer, string name, int? bits)
    {
        if (bits is { } number) writer.WriteNumber(name, number);
        else writer.WriteNull(name);
    }
}
