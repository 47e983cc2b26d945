using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.DotNet.Interactive.Formatting;
using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Experiments;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Formatters;
using QuantNotebooks.Notebook.Hosting;
using QuantNotebooks.Notebook.Reports;
using QuantNotebooks.Pruning;
using QuantNotebooks.Quantization;
using QuantNotebooks.Recommendation;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;
using QuantNotebooks.Training;

namespace QuantNotebooks.Notebook.Tests.Formatters;

/// <summary>Every type that a user can get from the public interface has a look of its own in all three forms, whoever adds it.</summary>
public class EveryResultTests
{
    private static readonly Lazy<EqualizationResult> Equalized = new(() => Synthetic.MobileNet.Equalize(EqualizationMethod.CrossLayer));

    // What cannot be made up from its parts one by one.
    private static readonly Dictionary<Type, Func<object>> Known = new()
    {
        [typeof(Network)] = () => Synthetic.MobileNet,
        [typeof(Layer)] = () => Synthetic.MobileNet.Layers[1],
        [typeof(ImageSet)] = () => Synthetic.Images.Take(3),
        [typeof(Image)] = () => Synthetic.Images[0],
        [typeof(ShiftStatistics)] = () => Synthetic.Statistics(Synthetic.MobileNet.Layers[1], 1),
        [typeof(QuantizationScheme)] = () => Synthetic.Scheme,
        [typeof(MeanShiftReport)] = () => Synthetic.Report(),
        [typeof(LayerShift)] = () => Synthetic.Report().Layers[1],
        [typeof(CorrectionResult)] = () => Synthetic.Correction(),
        [typeof(EvaluationResult)] = () => Synthetic.Evaluation(0.9),
        [typeof(EqualizationResult)] = () => Equalized.Value,
        [typeof(FactorGroup)] = () => Equalized.Value.Groups[0],
        [typeof(TrainingRun)] = () => new TrainingRun([new(0, double.NaN, 2, 0.5, 0), new(1, 1.5, 1, 0.8, 1)], 1, TrainingEnd.Completed, 8, 4),
        [typeof(ChannelDistribution)] = () => new ChannelDistribution(Synthetic.MobileNet.Layers[1], 0, LayerPoint.AfterActivation, [0, 1, 2], [3, 4], [4, 3], 7, 0.9, 0.8, new Quantizer(0.5f, 0, 0, 4)),
        [typeof(ActivationRanges)] = () => Synthetic.Ranges,
        [typeof(ValueList<string>)] = () => ValueList.Create(["a", "b"]),
        [typeof(ValueList<int>)] = () => ValueList.Create([1, 2]),
        [typeof(DeadChannelResult)] = () => new DeadChannelResult(Equalized.Value.Network, [new EliminatedChannel("a", 1, 0.5f, ["b"], null)], Equalized.Value.Certificate),
        [typeof(HighBiasResult)] = () => new HighBiasResult(Equalized.Value.Network, [new AbsorbedBias("a", [0, 0.5f], ["b"], null)], Equalized.Value.Certificate),
        [typeof(PruningResult)] = () => new PruningResult(Equalized.Value.Network, PruningOptions.Default, [new PrunedLayer("a", 10, 0, 5)]),
        [typeof(EqualizationEffect)] = () => new EqualizationEffect(Equalized.Value, Synthetic.Scheme, Synthetic.Images, new BeforeAfter(0.01, 0.001),
            [.. Synthetic.MobileNet.Layers.Select(layer => (LayerEffect)Make(typeof(LayerEffect), 0)!)]),
        [typeof(SensitivityReport)] = () => new SensitivityReport(Synthetic.MobileNet, Synthetic.Scheme, Synthetic.Images, Synthetic.Images,
            [.. Synthetic.MobileNet.Layers.Select(layer => new LayerSensitivity(layer, new OutputNoise(0.01 / (1 + layer.Index), 0.001, 64)))], new OutputNoise(0.02, 0.001, 64), Synthetic.Ranges),
        [typeof(RecommendationReport)] = () => new RecommendationReport(Synthetic.MobileNet, Synthetic.Scheme, Synthetic.Images, Synthetic.Images,
            [.. Synthetic.MobileNet.Layers.Select(layer => new LayerAdvice(layer, Remedy.Keep, "makes little noise", 0.03, double.NaN))],
            (SensitivityReport)Make(typeof(SensitivityReport), 0)!, Synthetic.Evaluation(0.8), [new TriedStep(Remedy.Equalize, 3, 30, Synthetic.Evaluation(0.9), true, 1)])
            { Shift = WithSplit(Synthetic.Report()), Network = Synthetic.MobileNet, Scheme = Synthetic.Scheme, Untried = [] },
        [typeof(ExperimentStep)] = () => ExperimentStep.Known[0],
        [typeof(NetworkReport)] = () => new NetworkReport(WithSplit(Synthetic.Report()), (RecommendationReport)Make(typeof(RecommendationReport), 0)!, null),
        [typeof(ChartFigure)] = () => AccuracyChart.Of(Evaluate.Compare(("a", Synthetic.Evaluation(0.9)))),
    };

    // They do something for a user and are nothing to look at.
    private static readonly HashSet<string> Tools = [nameof(CtcDecoder), nameof(ExperimentInputs)];

    public static TheoryData<string> Types => [.. ResultTypes().Select(type => type.FullName!)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_result_has_html_text_and_json(string name)
    {
        NotebookFormatters.Register();
        var type = ResultTypes().Single(type => type.FullName == name);
        var value = Make(type, 0);
        Assert.NotNull(value);
        var bundle = MimeBundle.Of(value);
        var html = Assert.IsType<string>(bundle[MimeBundle.Html]);
        Assert.StartsWith("<", html.TrimStart(), StringComparison.Ordinal);
        Assert.DoesNotContain("dni-", html, StringComparison.Ordinal);
        Assert.Null(bundle[MimeBundle.Json]);

        var text = Assert.IsType<string>(bundle[MimeBundle.PlainText]);
        Assert.NotEmpty(text);
        Assert.DoesNotContain("System.Collections", text, StringComparison.Ordinal);
        Assert.DoesNotContain(" = ", text.Split('\n')[0], StringComparison.Ordinal);

        using var json = JsonDocument.Parse(value.ToDisplayString(MimeBundle.Json));
        Assert.True(json.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array, json.RootElement.ValueKind.ToString());
    }

    private static IEnumerable<Type> ResultTypes() => new[] { typeof(Network).Assembly, typeof(TrainingOptions).Assembly, typeof(ChartFigure).Assembly }
        .SelectMany(assembly => assembly.GetExportedTypes())
        .Where(type => !type.IsEnum && !type.IsInterface && !type.IsAbstract && !type.IsGenericTypeDefinition && !type.IsNested && !Tools.Contains(type.Name)
            && !typeof(Exception).IsAssignableFrom(type) && !typeof(Attribute).IsAssignableFrom(type) && !typeof(Delegate).IsAssignableFrom(type)
            && type.Namespace is not ("QuantNotebooks.Notebook.Commands" or "QuantNotebooks.Notebook.Hosting" or "QuantNotebooks.Onnx.Schema")
            && type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Length > 0);

    private static MeanShiftReport WithSplit(MeanShiftReport report) => report with
    {
        Layers = [.. report.Layers.Select(layer => layer with { Split = new ShiftSplit([.. layer.Before.Channels.Select(_ => new ChannelSplit(64, 0.01, 0.02, -0.005, 0.01))]) })],
    };

    private static object? Make(Type type, int depth)
    {
        Assert.True(depth < 12, $"{type} contains itself.");
        if (Known.TryGetValue(type, out var known)) return known();
        if (Nullable.GetUnderlyingType(type) is { } inner) return Make(inner, depth + 1);
        if (type == typeof(string)) return "some text";
        if (type == typeof(double)) return 0.5;
        if (type == typeof(float)) return 0.25f;
        if (type.IsEnum) return Enum.GetValues(type).GetValue(0);
        if (type == typeof(long)) return 1L << 24;
        if (type.IsPrimitive) return Convert.ChangeType(type == typeof(bool) ? 1 : 4, type, System.Globalization.CultureInfo.InvariantCulture);
        if (type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type)) return MakeSequence(type, depth);
        if (type.IsAbstract) return Make(type.Assembly.GetExportedTypes().First(candidate => candidate.IsSubclassOf(type) && !candidate.IsAbstract), depth + 1);
        var constructor = type.GetConstructors().Where(candidate => candidate.GetParameters().All(parameter => parameter.ParameterType != type)).MaxBy(candidate => candidate.GetParameters().Length);
        if (constructor is null) return type.GetProperties(BindingFlags.Public | BindingFlags.Static).FirstOrDefault(property => property.PropertyType == type)?.GetValue(null);
        var made = constructor.Invoke([.. constructor.GetParameters().Select(parameter => Make(parameter.ParameterType, depth + 1))]);
        foreach (var property in type.GetProperties().Where(property => property.IsDefined(typeof(RequiredMemberAttribute)))) property.SetValue(made, Make(property.PropertyType, depth + 1));
        return made;
    }

    // One element, or none where a sequence is of pairs.
    private static object? MakeSequence(Type type, int depth)
    {
        var arguments = type.GetGenericArguments();
        if (arguments.Length == 2) return type.GetField("Empty")?.GetValue(null) ?? typeof(ImmutableDictionary<,>).MakeGenericType(arguments).GetField("Empty")!.GetValue(null);
        var items = Array.CreateInstance(arguments[0], 1);
        items.SetValue(Make(arguments[0], depth + 1), 0);
        if (type.IsAssignableFrom(items.GetType())) return items;
        if (type.GetGenericTypeDefinition() == typeof(ImmutableArray<>))
            return typeof(ImmutableArray).GetMethods().Single(method => method is { Name: nameof(ImmutableArray.Create), IsGenericMethod: true } && method.GetParameters() is [{ ParameterType: { IsArray: true } }])
                .MakeGenericMethod(arguments).Invoke(null, [items]);
        return Activator.CreateInstance(type, items);
    }
}
