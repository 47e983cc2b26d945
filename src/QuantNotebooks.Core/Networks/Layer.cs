using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>The linear operators that a layer can be.</summary>
public enum LayerOperator
{
    /// <summary>A convolution with one group.</summary>
    Conv,

    /// <summary>A convolution with as many groups as input channels.</summary>
    DepthwiseConv,

    /// <summary>A convolution with several groups, fewer than input channels.</summary>
    GroupedConv,

    /// <summary>A transposed convolution.</summary>
    ConvTranspose,

    /// <summary>A fully connected layer written as Gemm.</summary>
    Gemm,

    /// <summary>A fully connected layer written as MatMul with a constant.</summary>
    MatMul,
}

/// <summary>
/// Mean and standard deviation of each channel before the activation, as the folded batch normalization promised them: beta and |gamma|.
/// </summary>
/// <param name="Mean">beta, one a channel.</param>
/// <param name="StandardDeviation">|gamma|, one a channel.</param>
public sealed record BatchNormalizationStatistics(ImmutableArray<float> Mean, ImmutableArray<float> StandardDeviation);

/// <summary>A channel whose output never changes.</summary>
/// <param name="Channel">Index of the output channel.</param>
/// <param name="Reason">Why it is known to be constant.</param>
/// <param name="Constant">Its pre-activation value.</param>
public sealed record DeadChannel(int Channel, string Reason, float Constant);

/// <summary>
/// A linear operator with its bias and the activation that follows: the unit in which shift is measured and bias is corrected.
/// Immutable.
/// </summary>
public sealed class Layer
{
    internal Layer(int index, string name, LinearOperator linear, ImmutableArray<NodeProto> activationNodes, Activation activation, LayerNotes notes)
    {
        Index = index;
        Name = name;
        Linear = linear;
        ActivationNodes = activationNodes;
        Activation = activation;
        Notes = notes;
        Convolution = ConvolutionAttributes.Of(linear.Node, linear.Weights);
    }

    /// <summary>Position among the network's layers, from 0 at the input.</summary>
    public int Index { get; }

    /// <summary>The module's name where the file's weight tensor carries it ("features.0.0" of "features.0.0.weight"), else the node's name.</summary>
    public string Name { get; }

    /// <summary>The name of the operator's node in the file.</summary>
    public string NodeName => Linear.Node.Name;

    /// <summary>Which linear operator this is.</summary>
    public LayerOperator Operator => Linear.Operator;

    /// <summary>The function that follows.</summary>
    public Activation Activation { get; }

    /// <summary>Number of output channels.</summary>
    public int Channels => Layout.Channels;

    /// <summary>Number of input channels.</summary>
    public int InputChannels => InputLayout.Channels;

    /// <summary>Kernel, strides, padding, dilations and groups of a convolution; null for other operators.</summary>
    public ConvolutionAttributes? Convolution { get; }

    /// <summary>Number of weights and biases.</summary>
    public long ParameterCount => (long)Weights.Length + Bias.Length;

    /// <summary>Shape of <see cref="Weights"/> as the operator has it: [O, I/groups, kH, kW] for a convolution.</summary>
    public ImmutableArray<long> WeightShape => [.. Linear.Weights.Dims];

    /// <summary>The weights in the layout of <see cref="WeightShape"/>, row-major.</summary>
    public ReadOnlySpan<float> Weights => TensorData.Floats(Linear.Weights);

    /// <summary>Whether the layer has a bias.</summary>
    public bool HasBias => Linear.Bias is not null;

    /// <summary>The bias, one a channel; empty where there is none.</summary>
    public ReadOnlySpan<float> Bias => Linear.Bias is { } bias ? TensorData.Floats(bias) : [];

    /// <summary>The tensor the layer reads.</summary>
    public string Input => Linear.Input;

    /// <summary>The tensor between bias and activation.</summary>
    public string PreActivation => Linear.Output;

    /// <summary>The tensor after the activation; the same as <see cref="PreActivation"/> where there is none.</summary>
    public string Output => ActivationNodes.IsEmpty ? PreActivation : ActivationNodes[^1].Output[0];

    /// <summary>Channels whose output never changes, found when the network was loaded.</summary>
    public ImmutableArray<DeadChannel> DeadChannels => Notes.DeadChannels;

    /// <summary>What a folded batch normalization said about this layer's pre-activation, or null.</summary>
    public BatchNormalizationStatistics? BatchNormalization => Notes.BatchNormalization;

    internal LayerNotes Notes { get; }

    internal LinearOperator Linear { get; }

    internal ImmutableArray<NodeProto> LinearNodes => Linear.Nodes;

    internal ImmutableArray<NodeProto> ActivationNodes { get; }

    internal string WeightName => Linear.Weights.Name;

    internal string? BiasName => Linear.Bias?.Name;

    /// <summary>The shape of the bias in the graph, also where there is none yet: [C], or [C, 1] behind a constant times a matrix.</summary>
    internal ImmutableArray<long> BiasShape => Linear.BiasShape;

    /// <summary>Which weights make an output channel.</summary>
    internal WeightLayout Layout => Linear.Layout;

    /// <summary>Which weights read an input channel.</summary>
    internal WeightLayout InputLayout => Linear.InputLayout;

    /// <summary>Whether channels are the last axis of the output (Gemm, MatMul).</summary>
    internal bool ChannelsLast => AxesBehindChannels == 0;

    /// <summary>Axes of the output behind the channels': 2 in [N, C, H, W].</summary>
    internal int AxesBehindChannels => Linear.AxesBehindChannels;

    /// <summary>The axis of the input's channels, for an input of that rank.</summary>
    internal int InputChannelAxis(int rank) => ChannelsLast ? rank - 1 : Operator == LayerOperator.MatMul ? rank - 2 : 1;

    /// <summary>One line: name, operator, shape, activation.</summary>
    public override string ToString() => $"{Name}: {Operator} [{string.Join(", ", WeightShape)}], {Activation}";
}

/// <summary>What was learned about a layer when the network was loaded and can't be read off its weights.</summary>
internal sealed record LayerNotes(ImmutableArray<DeadChannel> DeadChannels, BatchNormalizationStatistics? BatchNormalization)
{
    public static LayerNotes None { get; } = new([], null);

    /// <summary>What holds once a constant was taken from each channel's bias.</summary>
    public LayerNotes Shifted(IReadOnlyList<float> constants) => new(
        [.. DeadChannels.Select(dead => dead with { Constant = dead.Constant - constants[dead.Channel] })],
        BatchNormalization is not { } statistics ? null : statistics with { Mean = [.. statistics.Mean.Select((mean, channel) => mean - constants[channel])] });

    /// <summary>What holds once each channel is multiplied by a positive factor.</summary>
    public LayerNotes Scaled(IReadOnlyList<double> factors) => new(
        [.. DeadChannels.Select(dead => dead with { Constant = (float)(dead.Constant * factors[dead.Channel]) })],
        BatchNormalization is not { } statistics ? null : new BatchNormalizationStatistics(
            [.. statistics.Mean.Select((mean, channel) => (float)(mean * factors[channel]))],
            [.. statistics.StandardDeviation.Select((deviation, channel) => (float)(deviation * factors[channel]))]));
}

/// <summary>
/// How channels, of the output or of the input, lie in a weight tensor: it is [Groups, Outer, ChannelsPerGroup, Inner], row-major, and channel
/// g * ChannelsPerGroup + c owns the elements [g, *, c, *].
/// </summary>
internal readonly record struct WeightLayout(int Groups, int Outer, int ChannelsPerGroup, int Inner)
{
    public int Channels => Groups * ChannelsPerGroup;

    /// <summary>The channel that owns a weight.</summary>
    public int ChannelOf(int weight)
    {
        var row = weight / Inner;
        return row / (ChannelsPerGroup * Outer) * ChannelsPerGroup + row % ChannelsPerGroup;
    }

    /// <summary>Calls <paramref name="visit"/> for each contiguous run (start, length) of weights that one channel owns.</summary>
    public void ForEachRun(int channel, Action<int, int> visit)
    {
        var (group, inGroup) = Math.DivRem(channel, ChannelsPerGroup);
        for (var outer = 0; outer < Outer; outer++)
            visit(((group * Outer + outer) * ChannelsPerGroup + inGroup) * Inner, Inner);
    }
}
