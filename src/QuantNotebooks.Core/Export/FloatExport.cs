using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;

namespace QuantNotebooks.Export;

/// <summary>Writes a network in floating point.</summary>
public static class FloatExport
{
    /// <summary>The same as <see cref="Network.Save"/>, and says what was written.</summary>
    /// <param name="network">The network.</param>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <param name="cancellation">Stops the writing.</param>
    /// <exception cref="QuantNotebooksException">The file can't be written.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; there is no such file then, or the one before.</exception>
    public static ExportResult SaveFloat(this Network network, string path, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ReportFile.RequireWritable(path);
        network.Save(path, cancellation);
        return new ExportResult(network, path, new FileInfo(path).Length, OpsetConversion.OpsetOf(network.Graph));
    }
}
