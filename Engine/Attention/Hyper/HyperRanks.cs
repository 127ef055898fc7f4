using Engine.Cache;
using Engine.Memory;

namespace Engine.Attention.Hyper;

/// <summary>Thresholds of the ranks of one head of a sequence, frozen over positions [sinks, leaf), and the projections
/// of the positions before that: a threshold is the mean of projections, so no key is needed again.</summary>
/// <remarks>What is rolled back is projected again when it comes again, and the thresholds are made anew whenever the
/// sequence passes the leaf: nothing depends on how it was cut into calls.</remarks>
internal sealed unsafe class HyperRanks(int heads, HyperSettings settings) : IDisposable
{
    private const int Planes = HyperSettings.LargestHyperplanes;

    private readonly AlignedBuffer<float> early = new((nint)heads * settings.Leaf * Planes);
    private readonly AlignedBuffer<float> thresholds = new((nint)heads * Planes);

    public int Heads => heads;

    public long Bytes => (early.Count + thresholds.Count) * sizeof(float);

    public float* Thresholds(int head) => thresholds.Pointer + (head * Planes);

    /// <summary>Keeps the projections of a position before the leaf.</summary>
    public void Keep(int head, int position, float* projections)
    {
        float* kept = Early(head, position);
        for (int plane = 0; plane < Planes; plane++) kept[plane] = projections[plane];
    }

    /// <summary>Makes the thresholds, once all positions before the leaf are kept.</summary>
    public void Freeze(int head)
    {
        float* limits = Thresholds(head);
        for (int plane = 0; plane < Planes; plane++)
        {
            double sum = 0;
            for (int position = settings.Sinks; position < settings.Leaf; position++)
                sum += Early(head, position)[plane];
            limits[plane] = (float)(sum / (settings.Leaf - settings.Sinks));
        }
    }

    /// <summary>Rank of a kept position.</summary>
    public byte RankOfKept(int head, int position) =>
        HyperPlanes.Rank(Early(head, position), Thresholds(head), settings.Hyperplanes);

    public byte Rank(int head, float* projections) =>
        HyperPlanes.Rank(projections, Thresholds(head), settings.Hyperplanes);

    /// <summary>Saves what is known of a head after so many positions.</summary>
    public void Save(SessionFileWriter writer, int head, int length, byte[] piece, Action<Action> guard)
    {
        SavedRing.WriteRows(writer, (byte*)Early(head, 0), EarlyBytes(length), piece, guard);
        if (length >= settings.Leaf)
            SavedRing.WriteRows(writer, (byte*)Thresholds(head), Planes * sizeof(float), piece, guard);
    }

    /// <summary>Reads what <see cref="Save"/> has written.</summary>
    public void Load(SessionFileReader reader, int head, int length)
    {
        reader.Bytes(new Span<byte>(Early(head, 0), EarlyBytes(length)));
        if (length >= settings.Leaf) reader.Bytes(new Span<byte>(Thresholds(head), Planes * sizeof(float)));
    }

    public void Dispose()
    {
        early.Dispose();
        thresholds.Dispose();
    }

    private int EarlyBytes(int length) => Math.Min(length, settings.Leaf) * Planes * sizeof(float);

    private float* Early(int head, int position) =>
        early.Pointer + ((((nint)head * settings.Leaf) + position) * Planes);
}
