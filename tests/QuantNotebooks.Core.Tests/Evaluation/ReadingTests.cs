using CsCheck;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Evaluation;

/// <summary>Decoding text, the distance between texts, and intervals of shares.</summary>
public sealed class ReadingTests
{
    private static string Decode(CtcDecoder decoder, params int[] best)
    {
        var scores = new float[best.Length * decoder.Classes];
        for (var step = 0; step < best.Length; step++) scores[step * decoder.Classes + best[step]] = 1;
        return decoder.Decode(scores);
    }

    [Fact]
    public void Repeats_count_once_and_a_blank_separates_equal_characters()
    {
        var decoder = CtcDecoder.For(new CtcTask(["a", "b"], Blank: 0, LastIsSpace: true));
        Assert.Equal(4, decoder.Classes);
        Assert.Equal("ab a", Decode(decoder, 0, 1, 1, 0, 2, 3, 3, 1, 0));
        Assert.Equal("aa", Decode(decoder, 1, 0, 1));
        Assert.Equal("a", Decode(decoder, 1, 1, 1));
        Assert.Equal("", Decode(decoder, 0, 0));
    }

    [Fact]
    public void The_blank_may_be_the_last_class()
    {
        var decoder = CtcDecoder.For(new CtcTask(["a", "b"], Blank: 2, LastIsSpace: false));
        Assert.Equal("ab", Decode(decoder, 2, 0, 2, 1));
        Assert.Throws<QuantNotebooksException>(() => CtcDecoder.For(new CtcTask(["a", "b"], Blank: 3, LastIsSpace: false)));
    }

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("abc", "", 3)]
    [InlineData("flaw", "lawn", 2)]
    public void Distances_are_the_textbooks(string one, string other, int expected) => Assert.Equal(expected, EditDistance.Between(one, other));

    [Fact]
    public void Distance_is_a_metric() => Gen.Select(Gen.String["ab"], Gen.String["ab"], Gen.String["ab"]).Sample((a, b, c) =>
    {
        Assert.Equal(EditDistance.Between(a, b), EditDistance.Between(b, a));
        Assert.True(EditDistance.Between(a, c) <= EditDistance.Between(a, b) + EditDistance.Between(b, c));
        Assert.Equal(a == b, EditDistance.Between(a, b) == 0);
    });

    [Fact]
    public void The_ends_of_a_wilson_interval_are_shares_that_the_test_of_a_share_just_rejects() =>
        Gen.Select(Gen.Int[0, 500], Gen.Int[1, 500]).Where((right, count) => right <= count).Sample((right, count) =>
        {
            // By definition an end p solves |share - p| = z sqrt(p (1 - p) / n); squared, for near 0 and 1 a root makes much of a rounding.
            var share = right / (double)count;
            var interval = WilsonInterval.Of(share, count);
            foreach (var end in new[] { interval.Low, interval.High })
                Assert.Equal((share - end) * (share - end), 1.959964 * 1.959964 * end * (1 - end) / count, 1e-13);
            Assert.InRange(share, interval.Low - 1e-12, interval.High + 1e-12);
        });

    [Fact]
    public void The_interval_covers_the_true_share_about_as_often_as_it_says()
    {
        var random = new Random(3);
        var covered = 0;
        for (var trial = 0; trial < 4000; trial++)
        {
            var right = 0;
            for (var image = 0; image < 200; image++) right += random.NextDouble() < 0.9 ? 1 : 0;
            var interval = WilsonInterval.Of(right / 200.0, 200);
            if (interval.Low <= 0.9 && 0.9 <= interval.High) covered++;
        }
        Assert.InRange(covered / 4000.0, 0.93, 0.97);
    }
}
