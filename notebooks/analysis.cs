#!/usr/bin/env dotnet
// The report of a network as a plain program: dotnet run notebooks/analysis.cs [MODEL IMAGES [REPORT.html]]
// Outside of this repository the next line is: #:package QuantNotebooks.Notebook@0.1.0
#:project ../src/QuantNotebooks.Notebook/QuantNotebooks.Notebook.csproj
#:property PublishAot=false
using QuantNotebooks;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Reports;
using QuantNotebooks.Quantization;

var data = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "..", "data");
var (model, set) = args is [var first, var second, ..]
    ? (first, second)
    : (Path.Combine(data, "models", "resnet14-fashion.onnx"), Path.Combine(data, "fashion-mnist", "calibration"));
var page = args is [_, _, var third, ..] ? third : "analysis.html";

try
{
    var images = ImageSet.Load(set);
    var scheme = QuantizationScheme.Int8PerTensor.WithBits(4);
    var report = Report.For(Network.Load(model), images.Take(64), images.Skip(64).Take(64), scheme, new() { Budget = TimeSpan.FromSeconds(5) });
    foreach (var line in ReportSummary.Lines(report)) Console.WriteLine(line);
    report.Save(page);
    Console.WriteLine($"written: {page}");
    return 0;
}
catch (QuantNotebooksException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}
