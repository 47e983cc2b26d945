using System.Collections.Immutable;
using System.Numerics;
using System.Reflection;
using Microsoft.ML.OnnxRuntime;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>
/// What a tensor holds: type, shape, and its values as doubles. Reads ONNX Runtime's OrtValue and tensors and .NET's own <c>Tensor&lt;T&gt;</c>, of numbers.
/// </summary>
/// <param name="Type">"float", "int64" and the like.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Values">All values, row-major.</param>
internal sealed record TensorSummary(string Type, ImmutableArray<long> Shape, double[] Values)
{
    private static readonly MethodInfo NumericsReader = Method(nameof(OfNumerics));
    private static readonly MethodInfo RuntimeReader = Method(nameof(OfRuntime));

    /// <summary>How many values are NaN.</summary>
    public int NaNs { get; } = Values.Count(double.IsNaN);

    /// <summary>The least value, NaN aside; NaN where there is none.</summary>
    public double Minimum { get; } = Values.Where(value => !double.IsNaN(value)).DefaultIfEmpty(double.NaN).Min();

    /// <summary>The mean, NaN aside.</summary>
    public double Mean { get; } = Values.Where(value => !double.IsNaN(value)).DefaultIfEmpty(double.NaN).Average();

    /// <summary>The greatest value, NaN aside.</summary>
    public double Maximum { get; } = Values.Where(value => !double.IsNaN(value)).DefaultIfEmpty(double.NaN).Max();

    /// <summary>Reads a tensor of numbers; null for everything else.</summary>
    public static TensorSummary? Of(object value)
    {
        if (value is OrtValue { IsTensor: true } ort) return OfOrt(ort);
        for (var type = value.GetType(); type is not null; type = type.BaseType)
        {
            if (!type.IsGenericType || !IsNumber(type.GetGenericArguments()[0])) continue;
            var definition = type.GetGenericTypeDefinition();
            if (definition == typeof(System.Numerics.Tensors.Tensor<>)) return (TensorSummary?)NumericsReader.MakeGenericMethod(type.GetGenericArguments()).Invoke(null, [value]);
            if (definition == typeof(Microsoft.ML.OnnxRuntime.Tensors.Tensor<>)) return (TensorSummary?)RuntimeReader.MakeGenericMethod(type.GetGenericArguments()).Invoke(null, [value]);
        }
        return null;
    }

    private static TensorSummary? OfOrt(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        ImmutableArray<long> shape = [.. info.Shape];
        return info.ElementDataType switch
        {
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float => new("float", shape, Converted(value.GetTensorDataAsSpan<float>())),
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Double => new("double", shape, Converted(value.GetTensorDataAsSpan<double>())),
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float16 => new("float16", shape, [.. value.GetTensorDataAsSpan<Float16>().ToArray().Select(half => (double)half.ToFloat())]),
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int8 => new("int8", shape, Converted(value.GetTensorDataAsSpan<sbyte>())),
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.UInt8 => new("uint8", shape, Converted(value.GetTensorDataAsSpan<byte>())),
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int16 => new("int16", shape, Converted(value.GetTensorDataAsSpan<short>())),
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.UInt16 => new("uint16", shape, Converted(value.GetTensorDataAsSpan<ushort>())),
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int32 => new("int32", shape, Converted(value.GetTensorDataAsSpan<int>())),
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64 => new("int64", shape, Converted(value.GetTensorDataAsSpan<long>())),
            _ => null,
        };
    }

    private static TensorSummary OfNumerics<T>(System.Numerics.Tensors.Tensor<T> tensor) where T : INumber<T>
    {
        var values = new T[(int)tensor.FlattenedLength];
        tensor.FlattenTo(values);
        return new TensorSummary(NameOf(typeof(T)), [.. tensor.Lengths.ToArray().Select(length => (long)length)], Converted<T>(values));
    }

    private static TensorSummary OfRuntime<T>(Microsoft.ML.OnnxRuntime.Tensors.Tensor<T> tensor) where T : INumber<T> =>
        new(NameOf(typeof(T)), [.. tensor.Dimensions.ToArray().Select(length => (long)length)], Converted<T>(tensor.ToArray()));

    private static double[] Converted<T>(ReadOnlySpan<T> values) where T : INumber<T>
    {
        var converted = new double[values.Length];
        for (var index = 0; index < converted.Length; index++) converted[index] = double.CreateChecked(values[index]);
        return converted;
    }

    private static bool IsNumber(Type type) => type.GetInterfaces().Any(contract => contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(INumber<>));

    private static string NameOf(Type type) => type == typeof(float) ? "float" : type.Name.ToLowerInvariant();

    private static MethodInfo Method(string name) => typeof(TensorSummary).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!;
}
