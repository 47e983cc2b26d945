using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;
using static System.FormattableString;

namespace QuantNotebooks.Recommendation;

/// <summary>
/// What a remedy would leave of each layer's noise at the output, as far as that is known: measured with each layer quantized alone by the changed
/// network or scheme. Corrections can't be measured so, for they answer to what comes before: of them the share of mean shift is taken away.
/// </summary>
internal sealed class RemedyWeighing
{
    /// <summary>Layers, the most harmful first, are treated until so much of the noise is theirs.</summary>
    private const double Treated = 0.9;

    /// <summary>The cheapest remedy that takes away so much of a layer's noise is recommended.</summary>
    private const double Enough = 0.5;

    private readonly SensitivityReport _sensitivity;
    private readonly MeanShiftReport _shift;
    private readonly SortedDictionary<Remedy, double[]> _left = [];

    public RemedyWeighing(SensitivityReport sensitivity, MeanShiftReport shift)
    {
        _sensitivity = sensitivity;
        _shift = shift;
        Add(Remedy.Correct, layer => sensitivity.Layers[layer].Output.Ratio * (1 - ShareOfShift(shift.Layers[layer])));
        Add(Remedy.LeaveFloat, _ => 0);
    }

    public void Add(Remedy remedy, SensitivityReport measured) => Add(remedy, layer => measured.Layers[layer].Output.Ratio);

    /// <summary>One line a layer.</summary>
    public IEnumerable<LayerAdvice> Advise()
    {
        var treated = new HashSet<int>();
        var sum = 0.0;
        foreach (var layer in _sensitivity.Ranked)
        {
            if (!(sum < Treated * _sensitivity.SumOfRatios)) break;
            sum += layer.Output.Ratio;
            treated.Add(layer.Layer.Index);
        }
        return _sensitivity.Layers.Select(layer => Advise(layer, treated.Contains(layer.Layer.Index)));
    }

    /// <summary>By how many dB the output's noise falls when those remedies of those layers have done what they promise.</summary>
    public double PredictedGainDecibels(IEnumerable<(Layer Layer, Remedy Remedy)> done)
    {
        var left = _sensitivity.SumOfRatios;
        foreach (var (layer, remedy) in done) left -= _sensitivity.Layers[layer.Index].Output.Ratio - _left[remedy][layer.Index];
        return -10 * Math.Log10(Math.Max(left, 0) / _sensitivity.SumOfRatios);
    }

    private LayerAdvice Advise(LayerSensitivity layer, bool treat)
    {
        var (index, share) = (layer.Layer.Index, _sensitivity.ShareOf(layer));
        if (!treat) return new LayerAdvice(layer.Layer, Remedy.Keep, share < 0.001 ? "makes less than 0.1 % of the noise" : Invariant($"makes {100 * share:F1} % of the noise"), share, double.NaN);
        var remedy = _left.Keys.FirstOrDefault(remedy => _left[remedy][index] <= (1 - Enough) * layer.Output.Ratio, Remedy.LeaveFloat);
        return new LayerAdvice(layer.Layer, remedy, Reason(layer.Layer, remedy), share,
            10 * Math.Log10(layer.Output.Ratio / _left[remedy][index]));
    }

    private string Reason(Layer layer, Remedy remedy) => remedy switch
    {
        Remedy.DropDeadChannels => Invariant($"channel {layer.DeadChannels.Select(dead => dead.Channel).FirstOrDefault()} is constant and widens the grid that the others share"),
        Remedy.Equalize or Remedy.PerChannel => Invariant($"its widest channel's weights have {layer.WeightRangeRatio():G3} times the range of the median's"),
        Remedy.Correct => Invariant($"{100 * ShareOfShift(_shift.Layers[layer.Index]):F0} % of its noise energy is mean shift"),
        Remedy.MoreBits => "its noise is rounding, spread over all channels: only finer steps help",
        _ => "nothing else takes half of it away",
    };

    private static double ShareOfShift(LayerShift layer) => double.IsNaN(layer.Before.MeanShiftShare) ? 0 : layer.Before.MeanShiftShare;

    private void Add(Remedy remedy, Func<int, double> left) => _left[remedy] = [.. _sensitivity.Layers.Select(layer => left(layer.Layer.Index))];
}
