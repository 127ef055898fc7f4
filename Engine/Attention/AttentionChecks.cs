using Engine.Cache;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Attention;

/// <summary>Checks of exact attention against its definition in double precision.</summary>
internal static class AttentionChecks
{
    /// <summary>Error allowed to an output element; values are of the order of one.</summary>
    public const double Tolerance = 2e-5;

    private static readonly AttentionShape[] Shapes =
    [
        new(1, 3, 64, 64, 75),
        new(1, 1, 46, 90, 130) { Turn = 37, Window = 50 },
        new(40, 2, 64, 64, 200) { Sinks = true, EmptyEvery = 3 },
        new(33, 3, 90, 46, 150) { SoftCap = 2.5f, Alibi = true, Turn = 50, Window = 17 },
    ];

    /// <summary>One check for each type of cache.</summary>
    public static IEnumerable<SelfCheck> All =>
        [Check(CacheType.F32), Check(CacheType.F16), Check(CacheType.Q8_0)];

    private static SelfCheck Check(CacheType type) =>
        new($"attention {type}", isa => Find(ExactAttention.For(isa), type));

    private static string? Find(ExactAttention attention, CacheType type)
    {
        int seed = 1;
        foreach (AttentionShape shape in Shapes)
        {
            string? wrong = Find(attention, shape with { KeyType = type, ValueType = type }, seed++, shape.Rows);
            if (wrong is not null) return wrong;
        }

        return null;
    }

    /// <summary>Runs one shape in tasks of at most so many rows; null if every element is right.</summary>
    public static string? Find(ExactAttention attention, AttentionShape shape, int seed, int rowsPerTask)
    {
        using var data = new AttentionCase(shape, seed);
        data.Run(attention, rowsPerTask);
        Span<float> output = data.Output;
        for (int query = 0; query < shape.Rows * shape.Heads; query++)
        {
            (int row, int head) = Math.DivRem(query, shape.Heads);
            double[] expected = data.Reference(row, head);
            for (int k = 0; k < shape.ValueDimension; k++)
            {
                float actual = output[(query * shape.ValueDimension) + k];
                if (!(Math.Abs(actual - expected[k]) <= Tolerance))
                    return $"{shape}: row {row} head {head} element {k}: {actual}, not {expected[k]}";
            }
        }

        return null;
    }
}
