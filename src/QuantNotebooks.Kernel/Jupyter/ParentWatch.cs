using System.Diagnostics;
using System.Globalization;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>Ends a kernel whose Jupyter server is gone without having said so, for nobody else would.</summary>
internal static class ParentWatch
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>Watches the process that Jupyter names in the environment, if it does.</summary>
    /// <param name="gone">Called when that process has ended.</param>
    public static IDisposable? Start(Action gone)
    {
        if (!int.TryParse(Environment.GetEnvironmentVariable("JPY_PARENT_PID"), CultureInfo.InvariantCulture, out var id) || id <= 1) return null;
        return new Timer(_ =>
        {
            if (!Exists(id)) gone();
        }, null, Interval, Interval);
    }

    private static bool Exists(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }
}
