using MathNet.Numerics.Distributions;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Core.Tests.Shift;

public sealed class TailsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7.3)]
    [InlineData(63)]
    [InlineData(1023)]
    [InlineData(9999)]
    public void StudentsTailAndItsInverseAreThoseOfMathNet(double degreesOfFreedom)
    {
        foreach (var t in (double[])[0, 0.1, 0.7, 1, 1.5, 2, 3, 5, 8, 20])
        {
            var tail = Tails.StudentTail(t, degreesOfFreedom);
            AssertNear(StudentT.CDF(0, 1, degreesOfFreedom, -t), tail);
            if (t > 0 && tail > 0) Assert.Equal(1, Tails.StudentQuantile(tail, degreesOfFreedom) / t, 1e-9 + 1e-15 / (t * t));
        }
    }

    // Close to zero the tail is 1/2 less t times the density there, where MathNet loses half of the digits.
    [Theory]
    [InlineData(1023)]
    [InlineData(9999)]
    public void CloseToZeroStudentsTailFallsByTheDensity(double degreesOfFreedom) =>
        Assert.Equal(0.5 - 1e-6 * StudentT.PDF(0, 1, degreesOfFreedom, 0), Tails.StudentTail(1e-6, degreesOfFreedom), 1e-14);

    // With one degree of freedom it is Cauchy's, with two an algebraic function.
    [Fact]
    public void StudentsTailHasTheClosedFormsOfFewDegreesOfFreedom()
    {
        for (var t = 0.0; t < 50; t += 0.37)
        {
            AssertNear(Math.Atan2(1, t) / Math.PI, Tails.StudentTail(t, 1));
            AssertNear(1 / (Math.Sqrt(2 + t * t) * (Math.Sqrt(2 + t * t) + t)), Tails.StudentTail(t, 2));
        }
    }

    [Fact]
    public void TheNormalTailAndItsInverseAreThoseOfMathNet()
    {
        foreach (var z in (double[])[0, 1e-8, 0.3, 1, 1.96, 2.999, 3, 3.001, 5, 9, 30])
        {
            AssertNear(Normal.CDF(0, 1, -z), Tails.NormalTail(z));
            if (z > 1e-3) Assert.Equal(z, Tails.NormalQuantile(Tails.NormalTail(z)), z * 1e-9);
        }
    }

    private static void AssertNear(double expected, double actual) => Assert.InRange(actual, expected * (1 - 1e-10) - 1e-300, expected * (1 + 1e-10) + 1e-300);
}
