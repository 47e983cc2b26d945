using Deedle;
using Parquet;
using QuantNotebooks.Notebook.Frames;

namespace QuantNotebooks.Notebook.Tests.Frames;

/// <summary>Parquet files, read back by the library's own reader.</summary>
public sealed class FrameParquetTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task Every_kind_of_column_reads_back()
    {
        var columns = new FrameBuilder.Columns<int, string>();
        columns.Add("right %", new Series<int, double>([0, 1, 2], [91.5, double.NaN, -1e-300]));
        columns.Add("images", new Series<int, int>([0, 2], [7, int.MaxValue]));
        columns.Add("single", new Series<int, float>([0, 1, 2], [0.1f, 0, 3]));
        columns.Add("flag", new Series<int, bool>([0, 1, 2], [true, false, true]));
        columns.Add("text", new Series<int, string>([0, 1], ["a \"b\" ü", ""]));
        columns.Frame.SaveParquet(_file);

        var reader = await ParquetReader.CreateAsync(_file, cancellationToken: TestContext.Current.CancellationToken);
        await using (reader)
        {
            Assert.Equal(
                [("right %", typeof(double)), ("images", typeof(long)), ("single", typeof(double)), ("flag", typeof(bool)), ("text", typeof(ReadOnlyMemory<char>))],
                reader.Schema.DataFields.Select(field => (field.Name, field.ClrType)));
            using var rows = reader.OpenRowGroupReader(0);
            Assert.Equal(3, rows.RowCount);
            Assert.Equal([91.5, null, -1e-300], await Read<double>(0));
            Assert.Equal([7L, null, int.MaxValue], await Read<long>(1));
            Assert.Equal([0.1f, 0.0, 3.0], await Read<double>(2));
            Assert.Equal([true, false, true], await Read<bool>(3));
            var text = new string?[3];
            await rows.ReadAsync(reader.Schema.DataFields[4], text.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal<IEnumerable<string?>>(["a \"b\" ü", "", null], text);

            async Task<T?[]> Read<T>(int column)
                where T : struct
            {
                var values = new T?[3];
                await rows.ReadAsync<T>(reader.Schema.DataFields[column], values.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
                return values;
            }
        }
    }

    [Fact]
    public async Task Keys_of_rows_that_are_names_are_a_column()
    {
        Frame.FromColumns(new Dictionary<string, Series<string, double>> { ["x"] = new(["b", "a"], [1, 2]) }).SaveParquet(_file);
        var reader = await ParquetReader.CreateAsync(_file, cancellationToken: TestContext.Current.CancellationToken);
        await using (reader)
        {
            Assert.Equal(["key", "x"], reader.Schema.DataFields.Select(field => field.Name));
            using var rows = reader.OpenRowGroupReader(0);
            var keys = new string?[2];
            await rows.ReadAsync(reader.Schema.DataFields[0], keys.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal<IEnumerable<string?>>(["b", "a"], keys);
        }
    }

    [Fact]
    public void A_folder_is_no_file() =>
        Assert.Contains("is a folder", Assert.Throws<QuantNotebooksException>(() => Frame.CreateEmpty<int, string>().SaveParquet(Path.GetTempPath())).Message, StringComparison.Ordinal);
}
