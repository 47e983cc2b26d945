using System.Globalization;

namespace QuantNotebooks.Tests;

/// <summary>How long tests of random cases go on: the environment variable QUANTNB_LONG_RUN multiplies the number of cases that is right for every day.</summary>
internal static class LongRun
{
    public static int Cases(int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable("QUANTNB_LONG_RUN"), NumberStyles.None, CultureInfo.InvariantCulture, out var times) ? usual * times : usual;
}
