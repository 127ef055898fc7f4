using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Engine.Isa;

namespace Engine.Attention.Hyper;

/// <summary>HyperAttention (arXiv 2310.05869) on one instruction set: near-linear attention by buckets of similar keys
/// and a sample of the rest.</summary>
internal abstract unsafe class HyperAttention
{
    /// <summary>Tiles whose scores share one softmax step.</summary>
    public const int ScoreTiles = 4;

    /// <summary>The exact kernel of the same instruction set.</summary>
    public abstract ExactAttention Exact { get; }

    /// <summary>How the settings find large entries.</summary>
    public abstract IKeyChoice Choice(HyperSettings settings, int largestKeys, int largestQueries, int keyElements,
        int valueElements);

    /// <summary>projections[row][<see cref="HyperPlanes.Width"/>] = planes · row.</summary>
    public abstract void Project(float* rows, nint rowStride, int count, HyperPlanes planes, float* projections);

    /// <summary>sums[k] += Σ rows[·][k] over a few rows.</summary>
    public abstract void AddRows(float* rows, nint rowStride, int count, int n, double* sums);

    /// <summary>Copies a query, scaled for base 2, into its padded place.</summary>
    public abstract void Scale(float* query, int n, float factor, float* destination, int padded);

    /// <summary>Gathers keys and values of the given slots into tiles.</summary>
    public abstract void Pack(in HyperKeys keys, int* slots, int count, in TileSpan tiles, float* rows);

    /// <summary>Packs the samples of a node that is set.</summary>
    public abstract void PackSamples(HyperNode node, in HyperKeys keys, HyperScratch scratch);

    /// <summary>Takes the queries of one block of a node through its keys and the samples.</summary>
    public abstract void AttendBlock(HyperNode node, int block, in HyperKeys keys, HyperQueries queries,
        HyperScratch scratch);

    /// <summary>Factor of queries for scores in base 2, or as the soft-cap wants them.</summary>
    public static float QueryFactor(float scale, float softCap) =>
        softCap > 0 ? scale / softCap : scale * 1.4426950408889634f;

    /// <summary>Makes the log-sum-exps that exact attention left in <see cref="HyperQueries.Largest"/> running states,
    /// its outputs being their weighted sums.</summary>
    public static void BeginFromExact(HyperQueries queries, int row)
    {
        float exact = queries.Largest[row];
        bool seen = !float.IsNegativeInfinity(exact);
        queries.Largest[row] = seen ? exact * 1.4426950408889634f : NothingSeen;
        queries.Total[row] = seen ? 1 : 0;
    }

    /// <summary>Where the running maximum of a query that has seen nothing starts: far below any score, and finite so
    /// that differences are.</summary>
    public const float NothingSeen = -1e30f;

    /// <summary>The kernel for an instruction set.</summary>
    /// <exception cref="PlatformNotSupportedException">The machine, the runtime or the build lacks it.</exception>
    public static HyperAttention For(InstructionSet isa)
    {
        // The tests of IsSupported are constants to the ahead-of-time compiler, which drops what cannot run.
        switch (isa)
        {
            case InstructionSet.Scalar:
                return new HyperAttention<FloatWordsScalar, float>();
            case InstructionSet.Neon or InstructionSet.NeonDotProd when AdvSimd.Arm64.IsSupported:
                return new HyperAttention<FloatWords128, Vector128<float>>();
            case InstructionSet.Avx2 or InstructionSet.Avx2Vnni when Avx2.IsSupported && Fma.IsSupported:
                return new HyperAttention<FloatWords256, Vector256<float>>();
            case InstructionSet.Avx512 or InstructionSet.Avx512Vnni when Avx512BW.IsSupported:
                return new HyperAttention<FloatWords512, Vector512<float>>();
            default:
                throw new PlatformNotSupportedException($"no attention for {InstructionSets.NameOf(isa)} here");
        }
    }
}
