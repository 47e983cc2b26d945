using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Notebooks;

namespace QuantNotebooks.Kernel.Tests.Notebooks;

public sealed class NotebookDocumentTests
{
    [Fact]
    public void WhatNobodyKnowsIsKept()
    {
        const string text = """
            {"nbformat": 4, "nbformat_minor": 5, "future": {"a": [1, null]}, "metadata": {"authors": ["Ä <b>"], "kernelspec": {"name": "x"}},
             "cells": [
               {"cell_type": "raw", "id": "r", "metadata": {"format": "rst"}, "source": "raw"},
               {"cell_type": "code", "id": "c-1", "metadata": {"custom": true}, "execution_count": 7, "source": ["a\n", "b"], "extra": 1,
                "outputs": [{"output_type": "stream", "name": "stdout", "text": ["x"]}]}]}
            """;
        using var folder = new TemporaryFolder();
        var path = folder.File("out.ipynb");
        NotebookDocument.Parse(text, "in.ipynb").Write(path);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(text), JsonNode.Parse(File.ReadAllText(path))));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
        Assert.Equal("a\nb", NotebookDocument.Read(path).Cells[1].Source);
    }

    [Fact]
    public void OldMinorVersionsGetCellIdentifiers()
    {
        var document = NotebookDocument.Parse(TestNotebook.Json("1", "# x", "2"), "x.ipynb");
        Assert.Equal(3, document.Cells.Select(cell => cell.Id).Distinct().Count());
        Assert.Equal(5, JsonNode.Parse(document.ToString())!["nbformat_minor"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("{\"nbformat\": 4,\n \"cells\": [", "line 2")]
    [InlineData("[]", "nbformat")]
    [InlineData("{\"nbformat\": 4}", "cells")]
    [InlineData("{\"nbformat\": 3, \"worksheets\": []}", "nbformat 3")]
    [InlineData("{\"nbformat\": \"4\", \"cells\": []}", "nbformat")]
    [InlineData("{\"nbformat\": 4, \"cells\": [7]}", "cell 1")]
    [InlineData("{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", \"source\": 7}]}", "cell 1: \"source\"")]
    [InlineData("{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"film\", \"source\": \"\"}]}", "film")]
    [InlineData("{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", \"source\": \"\", \"outputs\": {}}]}", "outputs")]
    [InlineData("{\"nbformat\": 4, \"cells\": [], \"cells\": []}", "twice")]
    [InlineData("{\"nbformat\": 4, \"metadata\": 1, \"cells\": []}", "metadata")]
    public void ABrokenFileIsNamedWithWhatIsWrong(string text, string problem)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("broken.ipynb", text);
        var exception = Assert.Throws<NotebookFileException>(() => NotebookDocument.Read(path));
        Assert.StartsWith(path + ": ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact]
    public void AMissingFileIsNamed() => Assert.Equal("none.ipynb: there is no such file", Assert.Throws<NotebookFileException>(() => NotebookDocument.Read("none.ipynb")).Message);

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("a", new[] { "a" })]
    [InlineData("a\n\nb\n", new[] { "a\n", "\n", "b\n" })]
    public void TextIsStoredInLines(string text, string[] lines)
    {
        var json = NotebookText.Write(text);
        Assert.Equal(lines, json.Select(line => line!.GetValue<string>()));
        Assert.Equal(text, NotebookText.Read(json));
    }
}
