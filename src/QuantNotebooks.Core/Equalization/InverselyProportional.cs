using System.Collections.Immutable;

namespace QuantNotebooks.Equalization;

/// <summary>
/// One-step and two-step equalization (paper B, arXiv 1902.01917). With k_i = max|W[i, ...]| of a layer and a_i the extreme of its output's
/// channel i, both before the factors, and m_i = 1 (one-step) or the largest max|W_c[:, i]| / max|W_c| of the layers c that read it (two-step):
/// s_i = min(K / k_i, A / a_i, 16), and on request max(A / p_i, 1) with p_i the depth below zero before the activation, with K = max_j k_j m_j and A = max_j a_j m_j.
/// Channels that share a factor take the smallest of theirs. The network "before" is the one with the factors that the solver is made with.
/// </summary>
internal sealed class InverselyProportional
{
    private readonly FactorProblem _problem;
    private readonly ILookup<int, (ChannelExtrema Tensor, int Channel)> _activations;
    private readonly EqualizationOptions _options;
    private readonly double[] _factors;

    /// <summary>The factors before: those that are set are multiples of them.</summary>
    private readonly double[] _starts;
    private readonly float[][]? _depths;

    public InverselyProportional(FactorProblem problem, IEnumerable<ChannelExtrema> extrema, EqualizationOptions options, double[] factors, float[][]? depths = null)
    {
        _problem = problem;
        _options = options;
        (_factors, _starts) = (factors, [.. factors]);
        _depths = depths;
        _activations = (from tensor in extrema
                        from channel in Enumerable.Range(0, tensor.Classes.Length)
                        let index = problem.IndexOf(tensor.Classes[channel])
                        where index >= 0
                        select (index, tensor, channel)).ToLookup(entry => entry.index, entry => (entry.tensor, entry.channel));
    }

    /// <summary>Sets the factors of a block's classes; blocks must come in topological order, for k_i is the kernel as it is divided already.</summary>
    public void Solve(FactorBlock block, bool twoStep)
    {
        var kernels = block.Producers.ToDictionary(layer => layer, KernelRanges);
        var slacks = new Slacks(this, twoStep);
        var largestKernels = block.Producers.ToDictionary(layer => layer, layer => Largest(kernels[layer], _problem.Outputs[layer], slacks, layer));
        var largestActivations = block.Classes.SelectMany(index => _activations[index]).Select(entry => entry.Tensor).Distinct()
            .ToDictionary(tensor => tensor, tensor => LargestActivation(tensor, slacks));
        var made = block.Producers.ToDictionary(layer => layer, layer => _problem.OutputRanges(layer, _factors));
        var read = block.Consumers.ToDictionary(layer => layer, layer => _problem.InputRanges(layer, _factors));
        var solved = new double[block.Classes.Length];
        for (var index = 0; index < solved.Length; index++)
        {
            var (factorClass, factor) = (block.Classes[index], _options.MaxFactor);
            foreach (var end in _problem.Producers[factorClass])
                factor = Math.Min(factor, Math.Min(Ratio(largestKernels[end.Layer], kernels[end.Layer][end.Channel]), PreActivationBound(end, largestActivations)));
            foreach (var (tensor, channel) in _activations[factorClass])
            {
                var (minimum, maximum) = largestActivations[tensor];
                factor = Math.Min(factor, Math.Min(Ratio(minimum, -tensor.Minima[channel] * _starts[factorClass]), Ratio(maximum, tensor.Maxima[channel] * _starts[factorClass])));
            }
            solved[index] = _starts[factorClass] * (_problem.IsConstant(factorClass)
                ? ConstantChannel.Factor(_problem, factorClass, SetHere(factorClass), made, read)
                : Math.Max(factor, Math.Max(slacks.Of(factorClass), FactorProblem.SmallestFactor)));
        }
        for (var index = 0; index < solved.Length; index++) _factors[block.Classes[index]] = solved[index];
    }

    /// <summary>max(A / p_i, 1), without a bound where p_i was not asked for.</summary>
    private double PreActivationBound(Endpoint end, Dictionary<ChannelExtrema, (double Minimum, double Maximum)> largest)
    {
        if (_depths is null || _depths[_problem.Layers[end.Layer].Layer.Index][end.Channel] is not (> 0 and var unscaled)) return double.PositiveInfinity;
        var depth = unscaled * FactorProblem.FactorOf(_starts, _problem.Outputs[end.Layer][end.Channel]);
        foreach (var (tensor, range) in largest)
            if (tensor.Tensor == _problem.Layers[end.Layer].Layer.Output) return Math.Max(range.Maximum / depth, 1);
        return double.PositiveInfinity;
    }

    private static double Ratio(double largest, double own) => largest > 0 && own > 0 ? largest / own : double.PositiveInfinity;

    private float[] KernelRanges(int layer)
    {
        var ranges = _problem.OutputRanges(layer, _factors);
        // What this solver set divides out.
        for (var channel = 0; channel < ranges.Length; channel++)
            ranges[channel] = (float)(ranges[channel] / SetHere(_problem.Outputs[layer][channel]));
        if (_options.ReleasedCode && _problem.IsDepthwise(layer)) Array.Fill(ranges, ranges.Max());
        return ranges;
    }

    private double Largest(float[] kernels, int[] classes, Slacks slacks, int layer)
    {
        var largest = 0.0;
        for (var channel = 0; channel < kernels.Length; channel++)
            if (!_problem.IsDead(layer, channel)) largest = Math.Max(largest, kernels[channel] * slacks.Of(classes[channel]));
        return largest;
    }

    private (double Minimum, double Maximum) LargestActivation(ChannelExtrema tensor, Slacks slacks)
    {
        var (minimum, maximum) = (0.0, 0.0);
        for (var channel = 0; channel < tensor.Classes.Length; channel++)
        {
            var index = _problem.IndexOf(tensor.Classes[channel]);
            var slack = slacks.Of(index) * FactorProblem.FactorOf(_starts, index);
            minimum = Math.Max(minimum, -tensor.Minima[channel] * slack);
            maximum = Math.Max(maximum, tensor.Maxima[channel] * slack);
        }
        return (minimum, maximum);
    }

    /// <summary>The m_i: how far a channel may be scaled down before a layer that reads it gets a larger range.</summary>
    private sealed class Slacks(InverselyProportional solver, bool twoStep)
    {
        private readonly Dictionary<int, float[]> _inputRanges = [];
        private readonly Dictionary<int, double> _slacks = [];

        public double Of(int factorClass)
        {
            if (factorClass < 0) return 1;
            if (!_slacks.TryGetValue(factorClass, out var slack)) _slacks[factorClass] = slack = Compute(factorClass);
            return slack;
        }

        private double Compute(int factorClass)
        {
            var problem = solver._problem;
            var consumers = problem.Consumers[factorClass];
            if (!twoStep || consumers.Length == 0) return 1;
            if (solver._options.ReleasedCode && consumers.DistinctBy(end => end.Layer).Count() == 1) return 1;
            var slack = 0.0;
            foreach (var end in consumers)
            {
                if (!_inputRanges.TryGetValue(end.Layer, out var ranges)) _inputRanges[end.Layer] = ranges = solver.ReadRanges(end.Layer);
                var largest = ranges.Max();
                slack = Math.Max(slack, largest > 0 ? ranges[end.Channel] / largest : 1);
            }
            return slack;
        }
    }

    private float[] ReadRanges(int layer)
    {
        var ranges = _problem.InputRanges(layer, _factors);
        for (var channel = 0; channel < ranges.Length; channel++)
            ranges[channel] = (float)(ranges[channel] * SetHere(_problem.Inputs[layer][channel]));
        return ranges;
    }

    private double SetHere(int index) => FactorProblem.FactorOf(_factors, index) / FactorProblem.FactorOf(_starts, index);
}
