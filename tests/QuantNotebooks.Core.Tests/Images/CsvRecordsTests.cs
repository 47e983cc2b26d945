using System.Globalization;
using CsCheck;
using CsvHelper;
using CsvHelper.Configuration;
using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Images;

public sealed class CsvRecordsTests
{
    // By itself it would leave a line break of the other kind without quotes.
    [Fact]
    public void WhatCsvHelperWritesIsReadBack() =>
        Gen.Char["ab ,\"\n\r;é"].Array[0, 6].Select(characters => new string(characters)).Array[2, 4].Array[1, 5].Sample(rows =>
        {
            using var text = new StringWriter();
            using (var writer = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture)
            {
                NewLine = "\r\n", ShouldQuote = field => field.Field.AsSpan().ContainsAny(",\"\r\n") || field.Field?.Length < 2,
            }))
            {
                foreach (var row in rows)
                {
                    foreach (var field in row) writer.WriteField(field);
                    writer.NextRecord();
                }
            }
            var records = new CsvRecords(new StringReader(text.ToString()));
            foreach (var row in rows) Assert.Equal(row, records.Read());
            Assert.Null(records.Read());
        });

    [Fact]
    public void RecordsBeginOnTheLineWhereAnEditorShowsThem()
    {
        var records = new CsvRecords(new StringReader("a,b\r\n\n\"one\ntwo\r\nthree\",c\rlast,"));
        List<(int, string)> found = [];
        while (records.Read() is { } fields) found.Add((records.Line, string.Join('|', fields)));
        Assert.Equal([(1, "a|b"), (3, "one\ntwo\r\nthree|c"), (6, "last|")], found);
    }

    [Theory]
    [InlineData("a\"b")]
    [InlineData("\"a\"b")]
    [InlineData("\"a")]
    [InlineData("\"a\" ,b")]
    public void AQuoteWhereNoneMayBeIsRefused(string text) => Assert.Throws<FormatException>(() => new CsvRecords(new StringReader(text)).Read());
}
