using CsCheck;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Shift;

/// <summary>Intervals, p-values and the false discovery rate against tables, the published procedure and Monte Carlo.</summary>
public sealed class SignificanceTests
{
    private static ChannelShift Channel(params double[] imageErrors)
    {
        var images = imageErrors.Aggregate(default(Moments), (moments, error) => moments.Merge(Moments.Of(error)));
        return new ChannelShift(images, images, images, images);
    }

    [Theory]
    // Two-sided 5 % and 1 % points of Student's t, from printed tables.
    [InlineData(1, 12.706, 0.05)]
    [InlineData(4, 2.776, 0.05)]
    [InlineData(4, 4.604, 0.01)]
    [InlineData(30, 2.042, 0.05)]
    [InlineData(120, 2.617, 0.01)]
    public void P_values_are_those_of_the_tables(int degrees, double t, double p)
    {
        // Errors of +-1 around a mean of t standard errors.
        var errors = Enumerable.Range(0, degrees + 1).Select(index => index % 2 == 0 ? 1.0 : -1.0).ToArray();
        var standardError = Channel(errors).StandardError;
        var mean = errors.Average();
        var channel = Channel([.. errors.Select(error => error - mean + t * standardError)]);
        Assert.Equal(p, channel.PValue(), p * 2e-3);
        // The interval of that confidence ends at zero.
        Assert.Equal(0, channel.Interval(1 - p).Low, 1e-3 * standardError * t);
    }

    [Fact]
    public void Benjamini_and_Hochbergs_procedure_rejects_what_their_step_up_rule_does() =>
        Gen.Double[0, 1].Select(value => value * value * value).Array[1, 40].Sample(pValues =>
        {
            const double rate = 0.1;
            var sorted = pValues.Order().ToArray();
            // The largest k with p_(k) <= k/m rate; the k smallest are rejected.
            int Rejected(double within) => Enumerable.Range(1, sorted.Length).Where(k => sorted[k - 1] <= within * k / sorted.Length).DefaultIfEmpty(0).Max();
            var adjusted = FalseDiscovery.Adjust(pValues);
            // 0.4 cubed is 0.1 * 16 / 25: what lies on the line may fall on either side of it.
            Assert.InRange(adjusted.Count(value => value <= rate), Rejected(rate * (1 - 1e-12)), Rejected(rate * (1 + 1e-12)));
            Assert.Equal([.. adjusted, double.NaN], FalseDiscovery.Adjust([.. pValues, double.NaN]));
        });

    [Fact]
    public void The_example_of_their_paper()
    {
        // Benjamini and Hochberg (1995), section 3.3: 15 p-values; at 0.05 the procedure rejects four.
        double[] pValues = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1];
        Assert.Equal(4, FalseDiscovery.Adjust(pValues).Count(value => value <= 0.05));
    }

    [Fact]
    public void Degenerate_channels_have_defined_answers()
    {
        Assert.True(double.IsNaN(Channel(0.5).PValue()));
        Assert.True(double.IsNaN(Channel(0.5).Interval().Low));
        Assert.Null(Channel(0.5).ImagesFor(0.1));
        // The same shift on every image is certain, and none at all is no shift.
        Assert.Equal(0, Channel(0.5, 0.5, 0.5).PValue());
        Assert.Equal(1, Channel(0, 0, 0).PValue());
        Assert.Equal(2, Channel(0.5, 0.5, 0.5).ImagesFor(0.1));
        Assert.Throws<QuantNotebooksException>(() => Channel(1, 2).Interval(1));
    }

    [Fact]
    public void As_many_images_as_are_asked_for_pin_the_shift()
    {
        var random = new Random(3);
        double Draw() => 0.3 + 0.7 * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5);
        var pilot = Channel([.. Enumerable.Range(0, 400).Select(_ => Draw())]);
        const double tolerance = 0.05;
        var images = (int)pilot.ImagesFor(tolerance)!.Value;
        // A sum of three uniform numbers has a variance of 1/4; 1.96^2 0.49/4 / 0.05^2 = 188.
        Assert.InRange(images, 160, 220);
        var within = Enumerable.Range(0, 1000).Count(_ => Math.Abs(Enumerable.Range(0, images).Average(_ => Draw()) - 0.3) <= tolerance);
        Assert.InRange(within / 1000.0, 0.92, 0.98);
    }

    [Fact]
    public void Intervals_of_a_quantized_network_cover_its_known_shift()
    {
        // Pixels of known mean through a layer with rounded weights: the true shift is (Wq - W) E[x]. Each batch of 32 images is one trial.
        // A brightness that an image's pixels share makes images the independent unit and pixels not.
        var network = Trap().Load();
        network = network.With([], network.Facts with { Task = new TaskDescription(new InputDescription("x", Preprocessing), new NoTask()) });
        var images = new ImageSet("drawn", "drawn", new DrawnImages(32 * 1500));
        var scheme = QuantizationScheme.Int8PerTensor with { WeightBits = 3, ActivationBits = null };
        var layer = network.Layers[0];
        var weights = LayerQuantizer.Weights(layer, scheme).Weights;
        var expected = new double[layer.Channels];
        for (var index = 0; index < weights.Length; index++)
            expected[index * layer.Channels / weights.Length] += ((double)weights[index] - layer.Weights[index]) * DrawnImages.Mean / 255;

        var visitor = new Trials(expected);
        var none = new ActivationRanges(network.Calibrate(images.Take(1)).ByTensor, "", 1);
        using (var sweep = new LayerSweep(network, scheme, images, visitor, none)) sweep.Run(null, CancellationToken.None);
        Assert.Equal(1500, visitor.Count);
        Assert.All(visitor.Covered, covered => Assert.InRange(covered / (double)visitor.Count, 0.93, 0.97));
    }

    [Fact]
    public void Held_out_images_of_the_same_kind_agree_and_clipped_ones_do_not()
    {
        var network = TestData.Load(TestData.MobileNetV1);
        var calibration = TestData.Calibration.Take(96);
        var alike = network.MeasureMeanShift(calibration, QuantizationScheme.Int8PerTensor, new() { HeldOut = TestData.Calibration.Skip(96).Take(96) });
        var agreement = HeldOutAgreement.Of(alike)!;
        Assert.True(agreement.Disagreeing <= 0.02 * network.Layers.Sum(layer => layer.Channels), $"{agreement.Disagreeing} channels disagree");
        Assert.Null(HeldOutAgreement.Of(alike with { HeldOut = null }));
        Assert.Equal(alike.Ranges, alike.HeldOut!.Ranges);

        // Ranges of a single image clip what others give: then the shift measured on that kind of image is not that of others.
        var trousers = TestData.Calibration.Take(1);
        var narrow = new MeanShiftOptions { Calibration = trousers, HeldOut = TestData.Calibration.Skip(96).Take(96) };
        var clipped = network.MeasureMeanShift(calibration, QuantizationScheme.Int8PerTensor, narrow);
        var sameImageTwice = clipped with { Layers = [.. clipped.Layers.Zip(alike.Layers, (one, other) => one with { Before = other.Before })] };
        var disagreement = HeldOutAgreement.Of(sameImageTwice)!;
        Assert.True(disagreement.Disagreeing > 100);
        Assert.NotNull(disagreement.Worst);
    }

    private static Preprocessing Preprocessing => new() { Channels = ChannelOrder.Gray, Size = new ImageSize(4, 4), Scale = 1 / 255.0 };

    private static GraphBuilder Trap() => new GraphBuilder().Input("x", 0, 1, 4, 4).Output("y")
        .RandomConstant("w", 6, 1, 3, 3).Node("Conv", ["x", "w"], "y");

    private sealed class Trials(double[] expected) : ILayerVisitor
    {
        public int Count { get; private set; }

        public int[] Covered { get; } = new int[expected.Length];

        public bool ChangesLayers => false;

        public ILayerObserver Begin(Layer layer, ChannelLayout layout) => new Trial(layout);

        public void End(Layer layer, ILayerObserver observer)
        {
            var accumulator = new ShiftAccumulator(layer.Channels);
            accumulator.Add(((Trial)observer).Sums);
            var channels = accumulator.ToStatistics().Channels;
            for (var channel = 0; channel < expected.Length; channel++)
            {
                var (low, high) = channels[channel].Interval();
                if (low <= expected[channel] && expected[channel] <= high) Covered[channel]++;
            }
            Count++;
        }

        public float[]? BiasToAdd(Layer layer, Action<float[]> tryOut) => null;
    }

    private sealed class Trial(ChannelLayout layout) : ILayerObserver
    {
        public ShiftSums Sums { get; } = new(layout);

        public void Observe(MeasuringPoint point, int first, int count, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
        {
            if (point == MeasuringPoint.BeforeActivation) Sums.Add(first, count, full, quantized);
        }
    }

    /// <summary>Images of 4x4 pixels, each uniform in 0..55 plus a brightness uniform in 0..200 that the image's pixels share.</summary>
    private sealed class DrawnImages(int count) : IImageSource
    {
        public const double Mean = 127.5;

        public int Count => count;

        public ImageShape? CommonShape => new ImageShape(4, 4, 1);

        public ImageAnnotations Annotations => ImageAnnotations.None;

        public string NameOf(int index) => $"image {index}";

        public Image Decode(int index)
        {
            // Seeds in a row give first numbers that fill the interval too evenly; mixed ones (the end of MurmurHash3) don't.
            var seed = (uint)index + 1;
            seed = (seed ^ (seed >> 16)) * 0x85EBCA6B;
            seed = (seed ^ (seed >> 13)) * 0xC2B2AE35;
            var random = new Random((int)(seed ^ (seed >> 16)));
            var brightness = random.Next(201);
            var pixels = new byte[16];
            for (var pixel = 0; pixel < pixels.Length; pixel++) pixels[pixel] = (byte)(brightness + random.Next(56));
            return new Image(4, 4, 1, pixels);
        }
    }
}
