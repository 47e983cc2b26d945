using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Experiments;

/// <summary>Reads plans; what is wrong is said with the entry's place, such as <c>methods[2]</c>.</summary>
internal static class PlanJson
{
    public static ExperimentPlan Read(string json, string source, string folder, ImmutableArray<ExperimentStep> steps) => JsonField.Read(json, source, root =>
    {
        root.RequireFields("images", "networks", "methods", "schemes", "seeds");
        var images = root.Optional("images") is { } common ? ReadImages(common, folder) : null;
        return new ExperimentPlan(
            Unlike(root["networks"], field => ReadNetwork(field, folder, images), network => network.Name, "name"),
            Unlike(root["methods"], field => ReadMethod(field, steps), method => method.Name, "name"),
            Unlike(root["schemes"], ReadScheme, scheme => scheme.ToJson(), "scheme"),
            root.Optional("seeds") is { } seeds ? Unlike(seeds, seed => seed.AsInteger(), seed => seed, "seed") : [0]);
    });

    /// <summary>A list of which no two are the same, or tables could not tell them apart.</summary>
    private static ImmutableArray<T> Unlike<T, TKey>(JsonField list, Func<JsonField, T> read, Func<T, TKey> key, string what)
        where TKey : notnull
    {
        var seen = new Dictionary<TKey, int>();
        return
        [
            .. list.AsList(field =>
            {
                var item = read(field);
                if (!seen.TryAdd(key(item), seen.Count)) throw field.Error($"has the same {what} as entry {seen[key(item)]}");
                return item;
            }),
        ];
    }

    private static ExperimentNetwork ReadNetwork(JsonField field, string folder, ExperimentImages? common)
    {
        if (field.IsString) return Network(field, null, null, false);
        field.RequireFields("model", "name", "images", "keepDeadChannels");
        return Network(field["model"], field.Optional("name")?.AsNonEmptyString(), field.Optional("images"), field.Optional("keepDeadChannels")?.AsBoolean() ?? false);

        ExperimentNetwork Network(JsonField model, string? name, JsonField? own, bool keepsDead)
        {
            var path = Path.Combine(folder, model.AsNonEmptyString());
            if (!File.Exists(path)) throw model.Error($"names '{path}', and there is no such file");
            var images = own is { } given ? ReadImages(given, folder) : common ?? throw field.Error("has no images: give \"images\" for all networks or for this one");
            return new ExperimentNetwork(name ?? Path.GetFileNameWithoutExtension(path), path, images, keepsDead);
        }
    }

    private static ExperimentImages ReadImages(JsonField field, string folder)
    {
        field.RequireFields("test", "testCount", "calibration", "calibrationCount", "training", "trainingCount");
        var (test, calibration) = (Set("test")!, Set("calibration")!);
        if (Path.TrimEndingDirectorySeparator(Path.GetFullPath(test)) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(calibration))) throw field.Error("has the same set to calibrate and to test on; the results would be too good");
        var images = new ExperimentImages(test, calibration) { TestCount = Count("testCount") };
        if (Count("calibrationCount") is { } calibrationCount) images = images with { CalibrationCount = calibrationCount };
        if (field.Optional("training") is not null) images = images with { Training = Set("training") };
        return Count("trainingCount") is { } trainingCount ? images with { TrainingCount = trainingCount } : images;

        string Set(string name)
        {
            var path = Path.Combine(folder, field[name].AsNonEmptyString());
            return Path.Exists(path) ? path : throw field[name].Error($"names '{path}', and there is no such file or folder");
        }

        int? Count(string name) => field.Optional(name) is { } count
            ? count.AsInteger() is var number and >= 1 ? number : throw count.Error("must be at least 1")
            : null;
    }

    private static ExperimentMethod ReadMethod(JsonField field, ImmutableArray<ExperimentStep> steps)
    {
        if (field.IsString) return Parse(field);
        field.RequireFields("method", "name", "epochs", "learningRate");
        var method = Parse(field["method"]);
        foreach (var name in (string[])["epochs", "learningRate"])
            if (field.Optional(name) is { } setting && !method.Trains) throw setting.Error($"says nothing to '{method.Name}', which does not train");
        if (field.Optional("epochs") is { } epochs) method = method with { Epochs = epochs.AsInteger() is var count and >= 1 ? count : throw epochs.Error("must be at least 1") };
        if (field.Optional("learningRate") is { } rate) method = method with { LearningRate = rate.AsNumber() is var number and > 0 ? number : throw rate.Error("must be above 0") };
        return field.Optional("name") is { } own ? method with { Name = own.AsNonEmptyString() } : method;

        ExperimentMethod Parse(JsonField text) => Said(text, () => ExperimentMethod.Parse(text.AsNonEmptyString(), steps));
    }

    private static QuantizationScheme ReadScheme(JsonField field)
    {
        if (field.IsString) return Said(field, () => SchemeWords.Parse(field.AsNonEmptyString()));
        if (field.IsNumber)
        {
            var bits = field.AsInteger();
            return Said(field, () => QuantizationScheme.Int8PerTensor.WithBits(bits));
        }
        field.RequireFields(SchemeJson.Fields);
        return Said(field, () => SchemeJson.Read(field));
    }

    // What others refuse without knowing where it stands is said with its place.
    private static T Said<T>(JsonField field, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (QuantNotebooksException mistake) when (!mistake.Message.StartsWith(field.Source, StringComparison.Ordinal))
        {
            throw field.Error((mistake.Message.StartsWith('\'') ? "is no scheme: " : "") + mistake.Message.TrimEnd('.'));
        }
    }
}
