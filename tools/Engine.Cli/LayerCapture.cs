using Engine.Cache;
using Engine.Formats;
using Engine.Gguf;
using Engine.Memory;
using Engine.Transformer;

namespace Engine.Cli;

/// <summary>Takes queries, keys and values of a model's layers as attention has them (normed, rotated) while it reads a
/// text exactly, for <see cref="CapturedLayers"/>.</summary>
internal sealed unsafe class LayerCapture : IDisposable
{
    // Queries are seen where ranks are made, which needs a leaf; nothing is approximated.
    private const int Leaf = 128;

    private readonly LanguageModel model;
    private readonly int[] layers;
    private readonly AlignedBuffer<float>[] queries;
    private readonly int length;
    private readonly Session session;

    private LayerCapture(LanguageModel model, int[] layers, int length)
    {
        this.model = model;
        this.layers = layers;
        this.length = length;
        ModelConfig config = model.Transformer.Config;
        queries = [.. layers.Select(layer =>
            new AlignedBuffer<float>((nint)length * config.Layers[layer].Heads * config.KeyDimension))];
        session = model.CreateSession(new SessionOptions
        {
            ContextLength = length,
            CacheType = CacheType.F32,
            Attention = new AttentionOptions
            {
                Mode = AttentionMode.Hyper, Leaf = Leaf, Sinks = 0, MinimumLength = int.MaxValue,
            },
        });
    }

    /// <summary>Reads the tokens and writes the file.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">A text.</param>
    /// <param name="layers">Layers to take, without a sliding window.</param>
    /// <param name="path">The file.</param>
    /// <param name="progress">Told how many tokens are read; null = nobody.</param>
    /// <param name="cancellation">Looked at between steps.</param>
    /// <exception cref="ArgumentException">A layer that cannot be taken, or a text that is too short.</exception>
    public static void Save(LanguageModel model, ReadOnlySpan<int> tokens, int[] layers, string path,
        Action<int>? progress, CancellationToken cancellation)
    {
        ModelConfig config = model.Transformer.Config;
        foreach (int layer in layers)
        {
            if ((uint)layer >= (uint)config.Layers.Length)
                throw new ArgumentException($"there is no layer {layer}: the model has {config.Layers.Length}");
            if (config.Layers[layer].Window > 0) throw new ArgumentException($"layer {layer} has a sliding window");
        }

        if (tokens.Length <= Leaf) throw new ArgumentException($"a text of {tokens.Length} tokens is too short");
        using var capture = new LayerCapture(model, layers, tokens.Length);
        capture.Read(tokens, progress, cancellation);
        capture.Write(path);
    }

    public void Dispose()
    {
        session.Dispose();
        foreach (AlignedBuffer<float> one in queries) one.Dispose();
    }

    private void Read(ReadOnlySpan<int> tokens, Action<int>? progress, CancellationToken cancellation)
    {
        session.Hyper!.Tap = Keep;
        AttentionCalibration.Evaluate(model, session, tokens, progress, cancellation);
    }

    private void Keep(int layer, int queryHead, float* rows, nint stride, int position, int count)
    {
        int index = Array.IndexOf(layers, layer), elements = model.Transformer.Config.KeyDimension;
        if (index < 0) return;
        float* destination = queries[index].Pointer + ((((nint)queryHead * length) + position) * elements);
        for (int row = 0; row < count; row++)
        {
            new ReadOnlySpan<float>(rows + (row * stride), elements)
                .CopyTo(new Span<float>(destination + (row * elements), elements));
        }
    }

    private void Write(string path)
    {
        ModelConfig config = model.Transformer.Config;
        var writer = new GgufWriter();
        writer.Add(CapturedLayers.TypeKey, CapturedLayers.FileType);
        writer.Add(CapturedLayers.NameKey, model.Name);
        writer.Add(CapturedLayers.LayersKey, layers.Select(layer => (uint)layer).ToArray());
        writer.Add(CapturedLayers.ScaleKey, config.AttentionScale);
        for (int i = 0; i < layers.Length; i++)
        {
            AlignedBuffer<float> own = queries[i];
            KvRing ring = session.Rings.Ring(config.Sharing.Group(layers[i]));
            int heads = config.Layers[layers[i]].Heads, kvHeads = config.Layers[layers[i]].KvHeads;
            writer.AddTensor($"blk.{layers[i]}.q", WeightType.F32, [config.KeyDimension, length, heads],
                stream => WriteRows(stream, (byte*)own.Pointer, length * heads, config.KeyDimension * sizeof(float),
                    config.KeyDimension));
            writer.AddTensor($"blk.{layers[i]}.k", WeightType.F32, [config.KeyDimension, length, kvHeads],
                stream => WriteHeads(stream, ring.Keys, kvHeads, ring.KeyRowBytes, config.KeyDimension));
            writer.AddTensor($"blk.{layers[i]}.v", WeightType.F32, [config.ValueDimension, length, kvHeads],
                stream => WriteHeads(stream, ring.Values, kvHeads, ring.ValueRowBytes, config.ValueDimension));
        }

        writer.Save(path);
    }

    private delegate byte* HeadRows(int head);

    private void WriteHeads(Stream stream, HeadRows of, int heads, nint rowBytes, int elements)
    {
        for (int head = 0; head < heads; head++) WriteRows(stream, of(head), length, rowBytes, elements);
    }

    private static void WriteRows(Stream stream, byte* rows, int count, nint rowBytes, int elements)
    {
        for (int row = 0; row < count; row++)
            stream.Write(new ReadOnlySpan<byte>(rows + (row * rowBytes), elements * sizeof(float)));
    }
}
