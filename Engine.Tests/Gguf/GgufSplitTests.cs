using Engine.Formats;
using Engine.Gguf;

namespace Engine.Tests.Gguf;

[TestClass]
public sealed class GgufSplitTests
{
    [TestMethod]
    [DataRow(2, false)]
    [DataRow(3, true)]
    [DataRow(7, false)]
    public unsafe void ASplitModelIsTheWholeModelFromAnyPart(int count, bool emptyFirst)
    {
        using var folder = new GgufFolder();
        using GgufFile whole = GgufFile.Open(TestData.Path("conformance", "qwen3.gguf"));
        string[] paths = Split(folder, whole, count, emptyFirst);
        foreach (string path in paths)
        {
            using GgufFile split = GgufFile.Open(path);
            Assert.AreEqual(count, split.PartCount);
            Assert.AreEqual(paths.Sum(part => new FileInfo(part).Length), split.Bytes);
            Assert.AreEqual("qwen3", split.Metadata.GetString("general.architecture"), path);
            Assert.HasCount(whole.Tensors.Count, split.Tensors);
            for (int i = 0; i < whole.Tensors.Count; i++)
            {
                GgufTensor expected = whole.Tensors[i];
                GgufTensor found = split.Tensors[i];
                Assert.AreEqual(expected.Name, found.Name);
                Assert.IsTrue(
                    new ReadOnlySpan<byte>(expected.Data, (int)expected.Bytes)
                        .SequenceEqual(new ReadOnlySpan<byte>(found.Data, (int)found.Bytes)),
                    expected.Name);
            }
        }
    }

    [TestMethod]
    public void AMissingPartIsNamed()
    {
        using var folder = new GgufFolder();
        string[] paths = Make(folder);
        File.Delete(paths[1]);
        AssertRefused(paths[0], "part 2 of 3", "model-00002-of-00003.gguf", "no such file");
        AssertRefused(paths[2], "model-00002-of-00003.gguf");
    }

    [TestMethod]
    public void ARenamedPartIsRefused()
    {
        using var folder = new GgufFolder();
        string[] paths = Make(folder);
        File.Copy(paths[0], folder["other.gguf"]);
        AssertRefused(folder["other.gguf"], "NAME-00001-of-00003.gguf", "other.gguf");
        File.Copy(paths[1], paths[2], overwrite: true);
        AssertRefused(paths[0], "split.no", "part 3 of 3", "found part 2 of 3");
        AssertRefused(paths[2], "NAME-00002-of-00003.gguf");
    }

    [TestMethod]
    public void DoubleTensorsAndWrongCountsAreRefused()
    {
        using var folder = new GgufFolder();
        string[] paths = Make(folder, secondName: "tensor.0");
        AssertRefused(paths[0], "model-00002-of-00003.gguf: tensor.0", "each tensor once");
        paths = Make(folder, tensorCount: 4);
        AssertRefused(paths[0], "split.tensors.count", "found 4");
        paths = Make(folder, thirdCount: 2);
        AssertRefused(paths[0], "model-00003-of-00003.gguf: split.no", "found 2");
        Make(folder);
        File.WriteAllBytes(paths[1], File.ReadAllBytes(paths[1])[..100]);
        AssertRefused(paths[0], "model-00002-of-00003.gguf");
    }

    [TestMethod]
    public void OneOfOneIsAnOrdinaryFileWhateverItsName()
    {
        using var folder = new GgufFolder();
        var writer = new GgufWriter();
        writer.Add("split.count", (ushort)1);
        writer.Add("split.no", (ushort)0);
        writer.Save(folder["name.gguf"]);
        using (GgufFile file = GgufFile.Open(folder["name.gguf"])) Assert.AreEqual(1, file.PartCount);
        new GgufWriter().Save(folder["x-00001-of-00002.gguf"]);
        using (GgufFile file = GgufFile.Open(folder["x-00001-of-00002.gguf"])) Assert.AreEqual(1, file.PartCount);
    }

    private static void AssertRefused(string path, params string[] reasons)
    {
        ModelFormatException exception = Assert.ThrowsExactly<ModelFormatException>(() => GgufFile.Open(path));
        foreach (string reason in reasons) Assert.Contains(reason, exception.Message);
    }

    private static string[] Make(
        GgufFolder folder, string secondName = "tensor.1", int tensorCount = 3, int thirdCount = 3)
    {
        var paths = new string[3];
        for (int i = 0; i < 3; i++)
        {
            var writer = new GgufWriter();
            writer.Add("split.no", (ushort)i);
            writer.Add("split.count", (ushort)(i == 2 ? thirdCount : 3));
            writer.Add("split.tensors.count", tensorCount);
            writer.AddTensor(i == 1 ? secondName : $"tensor.{i}", WeightType.F32, [3, 5], new byte[60]);
            paths[i] = folder[$"model-{i + 1:D5}-of-00003.gguf"];
            writer.Save(paths[i]);
        }

        return paths;
    }

    private static string[] Split(GgufFolder folder, GgufFile whole, int count, bool emptyFirst)
    {
        int first = emptyFirst ? 1 : 0;
        int perPart = (whole.Tensors.Count + count - first - 1) / (count - first);
        var paths = new string[count];
        for (int part = 0; part < count; part++)
        {
            var writer = new GgufWriter(part == 1 ? 64 : 32);
            if (part == 0)
            {
                foreach (string key in whole.Metadata.Keys) writer.Add(whole.Metadata, key);
            }

            writer.Add("split.no", (ushort)part);
            writer.Add("split.count", (ushort)count);
            writer.Add("split.tensors.count", whole.Tensors.Count);
            for (int i = Math.Max(part - first, 0) * perPart; i < (part - first + 1) * perPart; i++)
            {
                if (i < whole.Tensors.Count) writer.AddTensor(whole.Tensors[i]);
            }

            paths[part] = folder[$"m-{part + 1:D5}-of-{count:D5}.gguf"];
            writer.Save(paths[part]);
        }

        return paths;
    }
}
