using Engine.Cache;
using Engine.Gguf;
using Engine.Isa;
using Engine.Transformer;

namespace Engine.Tests.Transformer;

/// <summary>Damaged files load and run, or are refused with <see cref="ModelFormatException"/>: nothing else.</summary>
[TestClass]
public sealed class HostileModelTests
{
    private const long Slack = 64 << 20;

    [TestMethod]
    [DataRow("llama-tied", 1)]
    [DataRow("cla-gemma3-trailing", 2)]
    [DataRow("phi3-longrope", 3)]
    [DataRow("stablelm-parallel", 4)]
    public void Mutated_bytes_load_and_run_or_are_refused(string name, int seed)
    {
        if (!ConformanceModel.Names.Contains(name)) Assert.Inconclusive($"{name} is not at hand");
        byte[] original = File.ReadAllBytes(ConformanceModel.Load(name).Path);
        int head = (int)(original.Length - TensorBytes(ConformanceModel.Load(name).Path));
        var random = new Random(seed);
        int ran = 0, refused = 0;
        for (int round = 0; round < 400; round++)
        {
            byte[] bytes = (byte[])original.Clone();
            int mutations = 1 + random.Next(3);
            for (int i = 0; i < mutations; i++)
            {
                // Most hits in what is parsed; every fourth anywhere.
                int at = random.Next(4) == 0 ? random.Next(bytes.Length) : random.Next(head);
                bytes[at] = random.Next(3) switch
                {
                    0 => (byte)random.Next(256),
                    1 => (byte)(bytes[at] ^ (1 << random.Next(8))),
                    _ => (byte)(random.Next(2) * 255),
                };
            }

            if (Try(bytes, $"{name}, seed {seed}, round {round}")) ran++;
            else refused++;
        }

        Assert.IsGreaterThan(20, ran, "mutations that do not matter");
        Assert.IsGreaterThan(20, refused, "mutations that do");
    }

    [TestMethod]
    public void Truncated_files_are_refused()
    {
        byte[] original = File.ReadAllBytes(ConformanceModel.Load("llama-tied").Path);
        for (int length = 0; length < original.Length; length += 1 + length / 50)
            Assert.IsFalse(Try(original.AsSpan(0, length).ToArray(), $"the first {length} bytes"));
    }

    [TestMethod]
    public void An_unknown_architecture_is_refused_with_its_name_and_the_known_ones()
    {
        byte[] bytes = File.ReadAllBytes(ConformanceModel.Load("llama-tied").Path);
        byte[] key = "general.architecture"u8.ToArray();
        int value = bytes.AsSpan().IndexOf(key) + key.Length + sizeof(int) + sizeof(long);
        "resne"u8.CopyTo(bytes.AsSpan(value));
        ModelFormatException error = Refusal(bytes);
        StringAssert.Contains(error.Message, "resne");
        StringAssert.Contains(error.Message, "llama, olmo2");
    }

    private static long TensorBytes(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return file.Tensors.Sum(tensor => tensor.Bytes);
    }

    private static ModelFormatException Refusal(byte[] bytes)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, bytes);
            return Assert.ThrowsExactly<ModelFormatException>(() => LoadAndRun(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>True if it ran, false if it was refused; anything else fails the test.</summary>
    private static bool Try(byte[] bytes, string what)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                LoadAndRun(path);
                return true;
            }
            catch (ModelFormatException)
            {
                return false;
            }
            catch (Exception error)
            {
                Assert.Fail($"{what}: {error}");
                return false;
            }
            finally
            {
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.IsLessThanOrEqualTo(bytes.Length + Slack, allocated, what);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void LoadAndRun(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        using TransformerModel model = TransformerModel.Load(file, InstructionSets.Best, 1, 16);
        using Sequence sequence = model.OpenSequence(Math.Min(model.Config.TrainedContext, 16), CacheType.F16);
        var batch = new StepBatch(16);
        int[] tokens = [1, 2, 3, 0, 1];
        int count = Math.Min(tokens.Length, sequence.Cache.ContextLength);
        int[] known = [.. tokens.Take(count).Select(token => token % model.Weights.Vocabulary)];
        batch.Add(sequence, known, WantedLogits.All);
        model.Forward.Run(batch);
        model.Forward.Logits(0, count);
    }
}
