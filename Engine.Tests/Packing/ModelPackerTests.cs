using System.Buffers.Binary;
using System.Text;
using Engine.Formats;
using Engine.Formats.Packed;
using Engine.Gguf;
using Engine.Tests.Gguf;

namespace Engine.Tests.Packing;

/// <summary>What packing writes, what it refuses, and which packed files are refused.</summary>
[TestClass]
public sealed class ModelPackerTests
{
    [TestMethod]
    public unsafe void TheFileHoldsTheSameWeightsInTheSameSize()
    {
        using var folder = new GgufFolder();
        string path = SmallModel.Write(folder["s.gguf"], WeightType.Q6_K);
        long done = 0, all = 0;
        PackingResult result = ModelPacker.Pack(path, folder["s.bin"], progress: (bytes, total) =>
        {
            Assert.IsGreaterThan(done, bytes);
            (done, all) = (bytes, total);
        });
        Assert.AreEqual(all, done);
        Assert.AreEqual(new FileInfo(folder["s.bin"]).Length, result.FileBytes);
        using GgufFile plain = GgufFile.Open(path), packed = GgufFile.Open(folder["s.bin"]);
        Assert.AreEqual(1u, packed.Metadata.GetUInt32("engine.pack.version", 0));
        Assert.AreEqual(64u, packed.Metadata.GetUInt32("general.alignment", 0));
        Assert.AreEqual("small", packed.Metadata.GetString("general.name"));
        Assert.HasCount(plain.Tensors.Count, packed.Tensors);
        for (int i = 0; i < plain.Tensors.Count; i++)
        {
            GgufTensor expected = plain.Tensors[i], found = packed.Tensors[i];
            Assert.AreEqual(expected.Name, found.Name);
            Assert.AreEqual(expected.Type, found.Type);
            Assert.AreEqual(expected.Bytes, found.Bytes);
            CollectionAssert.AreEqual(expected.Dimensions.ToArray(), found.Dimensions.ToArray());
            Assert.AreEqual(0, (nint)found.Data % 64, found.Name);
            Assert.AreEqual(expected.Dimensions.Count == 2, found.IsPacked, found.Name);
            CollectionAssert.AreEqual(Bytes(expected), found.IsPacked ? Unpacked(found) : Bytes(found), found.Name);
        }

        // Copied once more, it is still packed.
        var writer = new GgufWriter(64);
        foreach (string key in packed.Metadata.Keys)
            if (key != "general.alignment") writer.Add(packed.Metadata, key);
        foreach (GgufTensor tensor in packed.Tensors) writer.AddTensor(tensor);
        writer.Save(folder["copy.bin"]);
        Assert.AreEqual(new FileInfo(folder["s.bin"]).Length, new FileInfo(folder["copy.bin"]).Length);
        using GgufFile copy = GgufFile.Open(folder["copy.bin"]);
        Assert.AreEqual(packed.Tensors.Count(t => t.IsPacked), copy.Tensors.Count(t => t.IsPacked));
    }

    [TestMethod]
    public void ASplitModelBecomesOneFile()
    {
        using var folder = new GgufFolder();
        string path = SmallModel.Write(folder["s.gguf"], WeightType.Q4_0);
        string[] parts = [folder["m-00001-of-00002.gguf"], folder["m-00002-of-00002.gguf"]];
        using (GgufFile file = GgufFile.Open(path))
        {
            for (int part = 0; part < 2; part++)
            {
                var writer = new GgufWriter();
                writer.Add("split.no", (ushort)part);
                writer.Add("split.count", (ushort)2);
                writer.Add("split.tensors.count", file.Tensors.Count);
                foreach (string key in part == 0 ? file.Metadata.Keys : []) writer.Add(file.Metadata, key);
                foreach (GgufTensor tensor in part == 0 ? file.Tensors.Take(7) : file.Tensors.Skip(7))
                    writer.AddTensor(tensor);
                writer.Save(parts[part]);
            }
        }

        AssertRefused<InvalidOperationException>(() => ModelPacker.Pack(parts[0], parts[1], true), "the model itself");
        ModelPacker.Pack(parts[0], folder["m.bin"]);
        ModelPacker.Pack(path, folder["s.bin"]);
        CollectionAssert.AreEqual(File.ReadAllBytes(folder["s.bin"]), File.ReadAllBytes(folder["m.bin"]));
    }

    [TestMethod]
    public void WhatCannotBePackedIsRefusedAndLeavesNothing()
    {
        using var folder = new GgufFolder();
        string path = SmallModel.Write(folder["s.gguf"], WeightType.Q8_0);
        string packed = folder["s.bin"];
        ModelPacker.Pack(path, packed);
        AssertRefused<InvalidOperationException>(() => ModelPacker.Pack(packed, folder["t.bin"]), "packed already");
        AssertRefused<InvalidOperationException>(() => ModelPacker.Pack(path, path, true), "the model itself");
        AssertRefused<IOException>(() => ModelPacker.Pack(path, packed), "exists already");
        AssertRefused<IOException>(() => ModelPacker.Pack(path, folder["no/such/x.bin"]), "no folder");
        AssertRefused<IOException>(() => ModelPacker.Pack(path, Path.GetDirectoryName(path)!), "is a directory");
        string link = folder["link.bin"];
        File.CreateSymbolicLink(link, path);
        AssertRefused<InvalidOperationException>(() => ModelPacker.Pack(path, link, true), "the model itself");
        File.Delete(link);
        string infinite = SmallModel.Write(folder["i.gguf"], WeightType.Q8_0, change: (name, bytes) =>
        {
            // The scale of the second block of row 17.
            if (name == "blk.1.ffn_up.weight")
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan((17 * 8 + 1) * 34), 0x7C00);
        });
        AssertRefused<ModelFormatException>(() => ModelPacker.Pack(infinite, folder["i.bin"]),
            "blk.1.ffn_up.weight", "finite", "rows 16 to 31");
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        Assert.ThrowsExactly<OperationCanceledException>(
            () => ModelPacker.Pack(path, folder["c.bin"], cancellation: stopped.Token));
        string[] left = [.. Directory.GetFiles(Path.GetDirectoryName(path)!).Select(p => Path.GetFileName(p)!).Order()];
        CollectionAssert.AreEqual(new[] { "i.gguf", "s.bin", "s.gguf" }, left);
        ModelPacker.Pack(path, packed, overwrite: true);
    }

    [TestMethod]
    public void LyingFilesAreRefused()
    {
        using var folder = new GgufFolder();
        ModelPacker.Pack(SmallModel.Write(folder["s.gguf"], WeightType.Q4_K), folder["s.bin"]);
        byte[] bytes = File.ReadAllBytes(folder["s.bin"]);
        int version = After(bytes, "engine.pack.version") + 4, alignment = After(bytes, "general.alignment") + 4;
        // Rank, two sizes, then the type.
        int matrix = After(bytes, "blk.0.ffn_up.weight") + 20, vector = After(bytes, "output_norm.weight") + 12;
        AssertLie(folder, bytes, version, 2, "engine.pack.version", "at most 1", "2");
        AssertLie(folder, bytes, version, 0, "token_embd.weight", "engine.pack.version");
        AssertLie(folder, bytes, alignment, 32, "general.alignment", "64", "32");
        AssertLie(folder, bytes, matrix, 0x1000, "blk.0.ffn_up.weight", "type id 4096");
        AssertLie(folder, bytes, matrix, 0x2000 + (int)WeightType.Q4_K, "blk.0.ffn_up.weight", "type id 8204");
        AssertLie(folder, bytes, vector, 0x1000 + (int)WeightType.Q4_K, "output_norm.weight", "a matrix", "[256]");
        AssertLie(folder, bytes, matrix - 8, 15, "blk.0.ffn_up.weight", "at least 16 rows", "[256, 15]");
        AssertLie(folder, bytes, matrix - 16, 100, "blk.0.ffn_up.weight", "a multiple of 256");
        // More bytes for the rows than lie before the next tensor.
        AssertLie(folder, bytes, matrix, 0x1000 + (int)WeightType.Q6_K, "data behind blk.0.ffn_up.weight");
        string cut = folder.Write("cut.bin", bytes.AsSpan(0, bytes.Length - 4096));
        AssertRefused<ModelFormatException>(() => LanguageModel.Load(cut), "not fully downloaded");
        // Sizes that the architecture does not ask for.
        AssertLie(folder, bytes, matrix - 8, 496, "blk.0.ffn_up.weight", "[256, 512]", "[256, 496]");
    }

    private static void AssertLie(GgufFolder folder, byte[] bytes, int offset, int value, params string[] reasons)
    {
        byte[] changed = (byte[])bytes.Clone();
        BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(offset), value);
        string path = folder.Write("lie.bin", changed);
        AssertRefused<ModelFormatException>(() => LanguageModel.Load(path), reasons);
    }

    private static void AssertRefused<T>(Action action, params string[] reasons) where T : Exception
    {
        T error = Assert.ThrowsExactly<T>(action);
        foreach (string reason in reasons) Assert.Contains(reason, error.Message);
    }

    private static int After(byte[] bytes, string name) =>
        bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(name)) + name.Length;

    private static unsafe byte[] Bytes(GgufTensor tensor) =>
        new ReadOnlySpan<byte>(tensor.Data, (int)tensor.Bytes).ToArray();

    private static byte[] Unpacked(GgufTensor tensor)
    {
        PackedLayout layout = PackedLayout.Find(tensor.Type)!;
        byte[] bytes = Bytes(tensor), result = (byte[])bytes.Clone();
        int size = layout.Format.BlockBytes, blocks = (int)tensor.Dimensions[0] / layout.Format.BlockElements;
        int strip = PackedLayout.Rows * blocks * size;
        for (int start = 0; start + strip <= bytes.Length; start += strip)
            for (int row = 0; row < PackedLayout.Rows; row++)
                for (int block = 0; block < blocks; block++)
                    layout.Unpack(bytes.AsSpan(start, strip), row, block,
                        result.AsSpan(start + (row * blocks + block) * size, size));
        return result;
    }
}
