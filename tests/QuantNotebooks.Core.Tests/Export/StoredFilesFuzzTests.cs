using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using QuantNotebooks.Export;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Core.Tests.Export;

/// <summary>Damaged files of our own: statistics, schemes, and what a network carries in its metadata.</summary>
public sealed class StoredFilesFuzzTests
{
    [Fact]
    public void Damaged_statistics()
    {
        using var folder = new TemporaryFolder();
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(2);
        var file = Path.Combine(folder.Path, "s.qns");
        SavedShift.Of(network.MeasureMeanShift(images, QuantizationScheme.Int8PerTensor), images).Save(file);
        var whole = File.ReadAllBytes(file);
        var head = 12 + BinaryPrimitives.ReadInt32LittleEndian(whole.AsSpan(8));
        var json = System.Text.Encoding.UTF8.GetString(whole, 12, head - 12);
        Assert.True(Fuzzing.Run(1_000, 11, Damaged, bytes =>
        {
            File.WriteAllBytes(file, bytes);
            Assert.NotEmpty(StatisticsFile.Load(file).ModelPath + "x");
        }, mostBytes: 64 << 20) is { Accepted: > 0, Refused: > 0 });

        // With a checksum that fits, as a mistaken or hostile writer would make it, the damage gets behind the first check.
        byte[] Damaged(Random random)
        {
            byte[] body = whole[..^SHA256.HashSizeInBytes];
            if (random.Next(2) == 0) body = Mutation.Bytes(body, random);
            else
            {
                var other = System.Text.Encoding.UTF8.GetBytes(Mutation.Json(json, random));
                body = [.. whole[..8], .. BitConverter.GetBytes(random.Next(8) == 0 ? random.Next(-5, int.MaxValue) : other.Length), .. other, .. body[head..]];
            }
            return random.Next(8) == 0 ? body : [.. body, .. SHA256.HashData(body)];
        }
    }

    [Fact]
    public void Damaged_schemes()
    {
        var json = $"{{\"scheme\": {QuantizationScheme.Int8PerTensor.WithOverride("conv", 4, 8).ToJson()}}}";
        Assert.True(Fuzzing.Run(1_000, 12, random => Mutation.Json(json, random), text => Assert.NotNull(QuantizationScheme.Parse(text, "fuzz")), mostBytes: 1 << 20) is { Accepted: > 0, Refused: > 0 });
    }

    [Fact]
    public void Damaged_metadata_of_a_network()
    {
        using var folder = new TemporaryFolder();
        var network = TestData.Load(TestData.ResNet14);
        var corrected = QuantNotebooks.Correction.BiasCorrection.CorrectBias(network, TestData.Calibration.Take(4), QuantizationScheme.Int8PerTensor).Network;
        var path = Path.Combine(folder.Path, "c.onnx");
        corrected.Save(path);
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        Assert.True(Fuzzing.Run(150, 13, random =>
        {
            var damaged = model.Clone();
            var entry = damaged.MetadataProps[random.Next(damaged.MetadataProps.Count)];
            entry.Value = entry.Value.StartsWith('{') || entry.Value.StartsWith('[') ? Mutation.Json(entry.Value, random) : Mutation.Text(entry.Value, random);
            return damaged;
        }, damaged => Network.FromModel(damaged, new NetworkFacts("fuzz", "fuzz.onnx"), LoadOptions.Default), mostBytes: 256 << 20) is { Accepted: > 0, Refused: > 0 });
    }
}
