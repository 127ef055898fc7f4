using Engine.Cache;

namespace Engine.Attention.Hyper;

// Saved with its session: ranks and thresholds, which were computed before the cache rounded the keys. Orders and tiles
// follow from them.
internal sealed unsafe partial class HyperSequence
{
    /// <summary>True if another sequence with these settings has learnt the same.</summary>
    public bool LearnsAs(HyperSettings settings, HyperPolicy policy) => settings.Leaf == Settings.Leaf
        && settings.Sinks == Settings.Sinks && settings.Seed == Settings.Seed && policy.Same(Policy);

    /// <summary>Saves what is known of the first positions.</summary>
    public void Save(SessionFileWriter writer, int length, Action<Action> guard)
    {
        var piece = new byte[SavedRing.PieceBytes];
        writer.Int32(Math.Min(known, length));
        foreach (int queries in queriesKnown) writer.Int32(Math.Min(queries, length));
        for (int group = 0; group < keyRanks.Length; group++)
        {
            if (keyRanks[group] is not { } keys) continue;
            for (int head = 0; head < keys.Heads; head++)
            {
                keys.Save(writer, head, length, piece, guard);
                SavedRing.WriteRows(writer, RanksOf(group, head), length, piece, guard);
            }
        }

        for (int layer = 0; layer < queryRanks.Length; layer++)
        {
            for (int head = 0; head < shapes[layer].Heads; head++)
            {
                if (Policy.Approximates(layer, head))
                    queryRanks[layer]!.Save(writer, head, length, piece, guard);
            }
        }
    }

    /// <summary>Reads what <see cref="Save"/> has written of a sequence that learns as this one.</summary>
    /// <exception cref="InvalidDataException">The file is not as it must be.</exception>
    public void Load(SessionFileReader reader, int length)
    {
        known = reader.Int32("positions with ranks", 0, length);
        for (int layer = 0; layer < queriesKnown.Length; layer++)
            queriesKnown[layer] = reader.Int32($"positions with queries of layer {layer}", 0, length);
        for (int group = 0; group < keyRanks.Length; group++)
        {
            if (keyRanks[group] is not { } keys) continue;
            for (int head = 0; head < keys.Heads; head++)
            {
                keys.Load(reader, head, length);
                reader.Bytes(new Span<byte>(RanksOf(group, head), length));
            }
        }

        for (int layer = 0; layer < queryRanks.Length; layer++)
        {
            for (int head = 0; head < shapes[layer].Heads; head++)
                if (Policy.Approximates(layer, head)) queryRanks[layer]!.Load(reader, head, length);
        }
    }

    /// <summary>Takes note that positions which were not computed here have been ranked, the queries before the leaf
    /// being known.</summary>
    public void EndLearning(int length)
    {
        runs.Forget(0);
        known = length;
        Array.Fill(queriesKnown, length);
    }

    /// <summary>True if the keys of a group have ranks.</summary>
    public bool Ranks(int group) => keyRanks[group] is not null;
}
