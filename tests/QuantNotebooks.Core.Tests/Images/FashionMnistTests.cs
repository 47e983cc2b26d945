using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Images;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>The images, networks and sidecars that come with the repository.</summary>
public sealed class FashionMnistTests
{
    private static readonly ImageSet Test = ImageSet.Load(Repository.PathOf("data", "fashion-mnist", "test"));

    [Fact]
    public void The_test_set_has_1000_images_of_each_class()
    {
        Assert.Equal(10_000, Test.Count);
        Assert.Equal(9, Test.Labels![0]);
        Assert.Equal(
            Enumerable.Range(0, 10).Select(label => KeyValuePair.Create(label, 1000)),
            Test.Labels.CountBy(label => label).OrderBy(pair => pair.Key));
        Assert.Equal((28, 28, 1), (Test[9_999].Height, Test[9_999].Width, Test[9_999].Channels));
        Assert.Equal("test: 10,000 images, 28x28 grey, labelled", Test.ToString());
    }

    [Fact]
    public void The_calibration_set_has_2048_other_images()
    {
        var calibration = ImageSet.Load(Repository.PathOf("data", "fashion-mnist", "calibration", "train2048-images-idx3-ubyte.gz"));
        Assert.Equal(2_048, calibration.Count);
        Assert.Equal("train2048", calibration.Name);
        Assert.Equal([9, 0, 0, 3], calibration.Take(4).Labels);
        var tested = Enumerable.Range(0, Test.Count).Select(i => Test[i]).ToHashSet();
        Assert.DoesNotContain(Enumerable.Range(0, calibration.Count), i => tested.Contains(calibration[i]));
    }

    [Theory]
    [InlineData("mobilenet-v1-fashion")]
    [InlineData("mobilenet-v2-fashion")]
    [InlineData("resnet14-fashion")]
    public void With_its_sidecar_a_network_recognizes_the_images(string name)
    {
        const int count = 500;
        var onnx = Repository.PathOf("data", "models", name + ".onnx");
        var description = TaskDescription.FindBeside(onnx)!;
        var preprocessing = description.Input.Preprocessing;
        var input = new float[count * preprocessing.ValuesPerImage];
        preprocessing.Fill(Test, 0, count, input);
        Assert.Equal((float)(-0.2860 / 0.3530), input[0]);

        using var session = new InferenceSession(onnx);
        using var tensor = OrtValue.CreateTensorValueFromMemory(input, [count, 1, 32, 32]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, [description.Input.Name], [tensor], session.OutputNames);
        var scores = outputs[0].GetTensorDataAsSpan<float>();
        var classes = Assert.IsType<ClassificationTask>(description.Task).Labels.Count;
        Assert.Equal(count * classes, scores.Length);

        var right = 0;
        for (var i = 0; i < count; i++)
        {
            if (System.Numerics.Tensors.TensorPrimitives.IndexOfMax(scores.Slice(i * classes, classes)) == Test.Labels![i])
                right++;
        }

        Assert.InRange(right / (double)count, 0.90, 0.96);
    }
}
