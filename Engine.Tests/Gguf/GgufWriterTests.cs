using System.Text;
using Engine.Formats;
using Engine.Gguf;
using Engine.Memory;

namespace Engine.Tests.Gguf;

[TestClass]
public sealed class GgufWriterTests
{
    private static IEnumerable<(string Key, object Value)> Extremes =>
    [
        ("u8", byte.MaxValue), ("i8", sbyte.MinValue), ("u16", ushort.MaxValue), ("i16", short.MinValue),
        ("u32", uint.MaxValue), ("i32", int.MinValue), ("u64", ulong.MaxValue), ("i64", long.MinValue),
        ("f32", float.Epsilon), ("f64", double.MinValue), ("true", true), ("false", false),
        ("text", "naïve 漢字 \u0001\0 𝄞"), ("empty text", ""), ("ключ", "a key that is not ASCII"),
        ("u8s", new byte[] { 0, 255 }), ("i8s", new sbyte[] { -128, 127 }), ("u16s", new ushort[] { 1, 65535 }),
        ("i16s", new short[] { -1, 2, 3 }), ("u32s", new uint[] { 7 }), ("i32s", new[] { -1, int.MaxValue }),
        ("u64s", new[] { ulong.MaxValue }), ("i64s", new[] { long.MinValue, 0 }), ("f32s", new[] { -0f, 1.5f }),
        ("f64s", new[] { Math.PI }), ("bools", new[] { true, false, true }), ("texts", new[] { "", "a", "ß" }),
        ("no numbers", Array.Empty<int>()), ("no texts", Array.Empty<string>()), ("no arrays", Array.Empty<object>()),
        ("nested", new object[] { new[] { 1, 2 }, Array.Empty<int>(), new[] { "x", "yz" } }),
        ("deeper", new object[] { new object[] { new object[] { new byte[] { 1 } } }, new[] { 2f } }),
    ];

    [TestMethod]
    [DataRow(2u)]
    [DataRow(3u)]
    public void EveryValueTypeSurvives(uint version)
    {
        using var folder = new GgufFolder();
        var writer = new GgufWriter { Version = version };
        foreach ((string key, object value) in Extremes) writer.Add(key, value);
        writer.Save(folder["values.gguf"]);
        using GgufFile file = GgufFile.Open(folder["values.gguf"]);
        Assert.AreEqual(version, file.Version);
        CollectionAssert.AreEqual(Extremes.Select(pair => pair.Key).ToArray(), file.Metadata.Keys.ToArray());
        foreach ((string key, object value) in Extremes) AssertSame(value, file.Metadata.GetValue(key), key);

        // Copied metadata is the same, too.
        var copy = new GgufWriter();
        foreach (string key in file.Metadata.Keys) copy.Add(file.Metadata, key);
        copy.Save(folder["copy.gguf"]);
        using GgufFile copied = GgufFile.Open(folder["copy.gguf"]);
        foreach ((string key, object value) in Extremes) AssertSame(value, copied.Metadata.GetValue(key), key);
    }

    [TestMethod]
    public void RandomMetadataAndTensorsSurvive()
    {
        using var folder = new GgufFolder();
        var random = new Random(20260);
        for (int round = 0; round < 40; round++)
        {
            int alignment = 8 << random.Next(6);
            var writer = new GgufWriter(alignment);
            var values = new Dictionary<string, object>();
            for (int i = random.Next(12); i > 0; i--) values[RandomText(random) + i] = RandomValue(random, depth: 0);
            foreach ((string key, object value) in values) writer.Add(key, value);
            var tensors = new List<(string Name, WeightType Type, long[] Dimensions, byte[] Data)>();
            for (int i = random.Next(6); i > 0; i--) tensors.Add(RandomTensor(random, $"tensor.{i}"));
            foreach (var tensor in tensors)
                writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions, tensor.Data);
            writer.Save(folder["random.gguf"]);

            using GgufFile file = GgufFile.Open(folder["random.gguf"]);
            foreach ((string key, object value) in values) AssertSame(value, file.Metadata.GetValue(key), key);
            Assert.HasCount(tensors.Count, file.Tensors);
            for (int i = 0; i < tensors.Count; i++) AssertSame(tensors[i], file.Tensors[i], alignment);
        }
    }

    [TestMethod]
    public void ACopiedModelIsTheSameModel()
    {
        using var folder = new GgufFolder();
        string path = TestData.Path("conformance", "llama-tied.gguf");
        using GgufFile source = GgufFile.Open(path);
        var writer = new GgufWriter();
        foreach (string key in source.Metadata.Keys) writer.Add(source.Metadata, key);
        foreach (GgufTensor tensor in source.Tensors) writer.AddTensor(tensor);
        writer.Save(folder["copy.gguf"]);
        CollectionAssert.AreEqual(File.ReadAllBytes(path), File.ReadAllBytes(folder["copy.gguf"]));
    }

    [TestMethod]
    public void TypedGettersConvertOrSayWhyNot()
    {
        using var folder = new GgufFolder();
        var writer = new GgufWriter();
        foreach ((string key, object value) in Extremes) writer.Add(key, value);
        writer.Add("odd", "x");
        writer.Add("ids", new[] { 1u, 2u });
        writer.Save(folder["values.gguf"]);
        using GgufFile file = GgufFile.Open(folder["values.gguf"]);
        GgufMetadata metadata = file.Metadata;
        Assert.AreEqual(255u, metadata.GetUInt32("u8"));
        Assert.AreEqual(uint.MaxValue, metadata.GetUInt32("u32", 1));
        Assert.AreEqual(1u, metadata.GetUInt32("absent", 1));
        Assert.AreEqual(float.NegativeInfinity, metadata.GetSingle("f64"));
        Assert.AreEqual(2f, metadata.GetSingle("absent", 2));
        Assert.IsTrue(metadata.GetBoolean("true", false));
        Assert.AreEqual("none", metadata.GetString("absent", "none"));
        CollectionAssert.AreEqual(new uint[] { 0, 255 }, metadata.GetUInt32Array("u8s"));
        CollectionAssert.AreEqual(new uint[] { 255 }, metadata.GetUInt32Array("u8"));
        Assert.IsNull(metadata.GetUInt32Array("absent"));
        CollectionAssert.AreEqual(new[] { -1, int.MaxValue }, metadata.GetInt32Values("i32s").ToArray());
        CollectionAssert.AreEqual(new[] { 1, 2 }, metadata.GetInt32Values("ids").ToArray());
        CollectionAssert.AreEqual(new[] { -0f, 1.5f }, metadata.GetSingleValues("f32s").ToArray());
        Assert.AreEqual(0, metadata.GetSingleValues("absent").Length);
        CollectionAssert.AreEqual(new[] { true, false, true }, metadata.GetBooleanArray("bools"));
        Assert.AreEqual(0, metadata.GetStrings("absent").Count);
        Utf8StringTable texts = metadata.GetStrings("texts");
        Assert.AreEqual("ß", Encoding.UTF8.GetString(texts[2]));

        AssertRefused(() => metadata.GetUInt32("i32"), "i32", "-2147483648");
        AssertRefused(() => metadata.GetUInt32("u64"), "u64", ulong.MaxValue.ToString());
        AssertRefused(() => metadata.GetUInt32("text", 3), "text", "String");
        AssertRefused(() => metadata.GetUInt32("missing"), "missing", "no such key");
        AssertRefused(() => metadata.GetUInt32Array("i32s"), "i32s", "-1");
        AssertRefused(() => metadata.GetSingle("u8"), "u8", "UInt8");
        AssertRefused(() => metadata.GetString("texts"), "texts", "array of 3 String");
        AssertRefused(() => metadata.GetStrings("text"), "text", "array of String");
        AssertRefused(() => metadata.GetSingleValues("f64s"), "f64s", "array of 1 Float64");
        AssertRefused(() => metadata.GetBoolean("u8", true), "u8", "Boolean");
    }

    [TestMethod]
    public void AFailedSaveLeavesTheOldFile()
    {
        using var folder = new GgufFolder();
        string path = folder.Write("model.gguf", "old"u8);
        var writer = new GgufWriter();
        writer.AddTensor("short", WeightType.F32, [4], stream => stream.WriteByte(1));
        Assert.ThrowsExactly<InvalidOperationException>(() => writer.Save(path));
        Assert.AreEqual("old", File.ReadAllText(path));
        Assert.HasCount(1, Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [TestMethod]
    public void WrongUseIsRefused()
    {
        var writer = new GgufWriter();
        writer.Add("key", 1u);
        writer.AddTensor("name", WeightType.F32, [1], new byte[4]);
        Assert.ThrowsExactly<ArgumentException>(() => writer.Add("key", 2u));
        Assert.ThrowsExactly<ArgumentException>(() => writer.Add("general.alignment", 64u));
        Assert.ThrowsExactly<ArgumentException>(() => writer.Add("decimal", 1m));
        Assert.ThrowsExactly<ArgumentException>(() => writer.Add("mixed", new object[] { new[] { 1 }, "x" }));
        Assert.ThrowsExactly<ArgumentException>(() => writer.AddTensor("name", WeightType.F32, [1], new byte[4]));
        Assert.ThrowsExactly<ArgumentException>(() => writer.AddTensor("data", WeightType.F32, [2], new byte[4]));
        Assert.ThrowsExactly<ArgumentException>(() => writer.AddTensor("row", WeightType.Q8_1, [33], new byte[36]));
        Assert.ThrowsExactly<ArgumentException>(
            () => writer.AddTensor(new string('n', 64), WeightType.F32, [1], new byte[4]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new GgufWriter(48));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new GgufWriter(4));
    }

    private static void AssertRefused(Func<object?> get, string key, string found)
    {
        ModelFormatException exception = Assert.ThrowsExactly<ModelFormatException>(get);
        Assert.Contains($"values.gguf: {key}: expected ", exception.Message);
        Assert.Contains(found, exception.Message);
    }

    private static void AssertSame(object expected, object found, string key)
    {
        Assert.AreEqual(expected.GetType(), found.GetType(), key);
        if (expected is not Array array)
        {
            Assert.AreEqual(expected, found, key);
            return;
        }

        var other = (Array)found;
        Assert.HasCount(array.Length, other, key);
        for (int i = 0; i < array.Length; i++) AssertSame(array.GetValue(i)!, other.GetValue(i)!, key);
    }

    private static unsafe void AssertSame(
        (string Name, WeightType Type, long[] Dimensions, byte[] Data) expected, GgufTensor found, int alignment)
    {
        Assert.AreEqual(expected.Name, found.Name);
        Assert.AreEqual(expected.Type, found.Type);
        CollectionAssert.AreEqual(expected.Dimensions, found.Dimensions.ToArray());
        Assert.AreEqual(0, (int)((nint)found.Data % Math.Min(alignment, 4096)), "mapped files start on a page");
        CollectionAssert.AreEqual(expected.Data, new ReadOnlySpan<byte>(found.Data, (int)found.Bytes).ToArray());
    }

    private static (string, WeightType, long[], byte[]) RandomTensor(Random random, string name)
    {
        (WeightType type, int elements, int bytes) = random.Next(4) switch
        {
            0 => (WeightType.F32, 1, 4),
            1 => (WeightType.I8, 1, 1),
            2 => (WeightType.Q8_1, 32, 36),
            _ => (WeightType.Q8_K, 256, 292),
        };
        var dimensions = new long[random.Next(1, 5)];
        for (int i = 0; i < dimensions.Length; i++) dimensions[i] = random.Next(1, 5);
        long blocks = dimensions.Aggregate(1L, (product, size) => product * size);
        dimensions[0] *= elements;
        var data = new byte[blocks * bytes];
        random.NextBytes(data);
        return (name, type, dimensions, data);
    }

    private static string RandomText(Random random)
    {
        var text = new StringBuilder();
        for (int i = random.Next(20); i > 0; i--) text.Append(new Rune(random.Next(1, 0xD800)));
        return text.ToString();
    }

    private static object RandomValue(Random random, int depth)
    {
        int count = random.Next(5);
        return random.Next(depth < 3 ? 12 : 10) switch
        {
            0 => (byte)random.Next(),
            1 => random.NextInt64(),
            2 => random.NextSingle(),
            3 => RandomText(random),
            4 => random.Next(2) == 0,
            5 => Enumerable.Range(0, count).Select(_ => RandomText(random)).ToArray(),
            6 => Enumerable.Range(0, count).Select(_ => random.NextDouble()).ToArray(),
            7 => Enumerable.Range(0, count).Select(_ => (short)random.Next()).ToArray(),
            8 => Enumerable.Range(0, count).Select(_ => random.Next(2) == 0).ToArray(),
            9 => (uint)random.Next(),
            _ => Enumerable.Range(0, count).Select(_ => RandomArray(random, depth + 1)).ToArray(),
        };
    }

    private static object RandomArray(Random random, int depth)
    {
        while (true)
        {
            if (RandomValue(random, depth) is Array array) return array;
        }
    }
}
