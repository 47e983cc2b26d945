using CsCheck;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Tests.Text;

public sealed class WrappedTextTests
{
    [Fact]
    public void LinesAreNoLongerThanAskedForAndHoldAllWords()
    {
        var words = Gen.String[Gen.Char["abc123,.:"], 1, 12].Array[0, 30];
        Gen.Select(words, Gen.Int[4, 40]).Sample((words, width) =>
        {
            var lines = WrappedText.Lines(string.Join(' ', words), width).ToArray();
            Assert.Equal(words, lines.SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
            Assert.All(lines, line => Assert.True(line.Length <= width || !line.Contains(' ', StringComparison.Ordinal), line));
            // Each line is as long as it can be: the next one's first word had no room.
            foreach (var (line, next) in lines.Zip(lines.Skip(1))) Assert.True(line.Length + 1 + next.Split(' ')[0].Length > width, $"{line} | {next}");
        });
    }

    [Theory]
    [InlineData("", new[] { "" })]
    [InlineData("a  b", new[] { "a  b" })]
    [InlineData("12345", new[] { "12345" })]
    [InlineData("12345 7", new[] { "12345", "7" })]
    [InlineData("1234567 9", new[] { "1234567", "9" })]
    public void SpacesWithinALineStay(string text, string[] lines) => Assert.Equal(lines, WrappedText.Lines(text, 5));
}
