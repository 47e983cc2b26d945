using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Kernel.Tests.Scripting;

namespace QuantNotebooks.Kernel.Tests.BadInput;

/// <summary>Wrong magics and wrong arguments of the library, each in a cell: exactly these words, and the session goes on.</summary>
public sealed class BadCellTests(BadCellTests.Session session) : IClassFixture<BadCellTests.Session>
{
    public static TheoryData<string, string> Magics => Transcript.Read("magics");

    public static TheoryData<string, string> Arguments => Transcript.Read("arguments");

    [Theory]
    [MemberData(nameof(Magics))]
    [MemberData(nameof(Arguments))]
    public async Task IsRefusedInTheseWords(string input, string expected)
    {
        var before = session.Files.Listing();
        var error = (await session.RunAsync(input)).Error;
        Assert.NotNull(error);
        Assert.Equal(expected, session.Files.WithNames(error.Message));
        Assert.True(error.Name == typeof(QuantNotebooksException).FullName || error.Name.StartsWith('#'), error.Name);
        Assert.Equal(before, session.Files.Listing());
        Assert.Null((await session.RunAsync("net.Name")).Error);
    }

    /// <summary>One session for all cells, with some variables.</summary>
    public sealed class Session : IDisposable
    {
        private readonly NotebookSession _session = new(NotebookEnvironment.Options(null));

        private bool _isReady;

        public BadFiles Files { get; } = new();

        internal async Task<CellResult> RunAsync(string cell)
        {
            if (!_isReady)
            {
                _isReady = true;
                var made = await RunAsync("""var net = Network.Load(@"{net}"); var images = ImageSet.Load(@"{images}").Take(8); var scheme = QuantizationScheme.Int8PerTensor; var number = 5;""");
                Assert.Null(made.Error);
            }
            return await _session.RunAsync(Files.WithPaths(cell.Replace("@\"", "\"", StringComparison.Ordinal)), new RecordingOutput(), TestContext.Current.CancellationToken);
        }

        public void Dispose()
        {
            _session.Dispose();
            Files.Dispose();
        }
    }
}
