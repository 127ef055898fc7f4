using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Engine.Isa;

namespace Engine.Attention;

/// <summary>Exact blocked attention with online softmax on one instruction set.</summary>
internal abstract unsafe class ExactAttention
{
    /// <summary>Bytes of scratch that <see cref="Attend"/> may use, 64-byte aligned, one area per worker.</summary>
    public const int ScratchBytes = 512 * 1024;

    /// <summary>Elements of a key or value head that are sure to fit the scratch.</summary>
    public const int LargestHeadDimension = 1024;

    /// <summary>Rows that a task should have at most in prefill: the kernel's query tile.</summary>
    public abstract int RowTile { get; }

    /// <summary>Computes the task's output rows.</summary>
    /// <exception cref="NotSupportedException">The head dimensions do not fit the scratch (their sum, padded, may be
    /// about 2,000).</exception>
    public abstract void Attend(in AttentionTask task, byte* scratch);

    /// <summary>Computes the states (<see cref="AttentionState"/>) of all query rows after the task's slots alone, for
    /// <see cref="Merge"/>. Each row's have the very bits that they would have if the row were alone.</summary>
    /// <param name="task">Rows and slots; the output and the sinks are not looked at.</param>
    /// <param name="states">Room for the states, [row][head].</param>
    /// <param name="scratch">As in <see cref="Attend"/>.</param>
    /// <exception cref="NotSupportedException">As in <see cref="Attend"/>.</exception>
    public abstract void AttendPiece(in AttentionTask task, float* states, byte* scratch);

    /// <summary>Brings states forward by those of the next piece, as <see cref="Merge"/> does.</summary>
    public abstract void Add(in AttentionTask task, float* states, float* others);

    /// <summary>Computes the task's output rows from the states of all pieces of their slots, in order; overwrites
    /// those of the first piece.</summary>
    /// <param name="task">Rows, sinks and output; the slots are not looked at.</param>
    /// <param name="states">States of the first piece, [row][head].</param>
    /// <param name="pieceFloats">Floats from a query row's state to that of the next piece.</param>
    /// <param name="pieces">Pieces; those that saw nothing change no bit.</param>
    public abstract void Merge(in AttentionTask task, float* states, nint pieceFloats, int pieces);

    /// <summary>The kernel for an instruction set.</summary>
    /// <exception cref="PlatformNotSupportedException">The machine, the runtime or the build lacks it.</exception>
    public static ExactAttention For(InstructionSet isa)
    {
        // The tests of IsSupported are constants to the ahead-of-time compiler, which drops what cannot run.
        switch (isa)
        {
            case InstructionSet.Scalar:
                return new ExactAttention<FloatWordsScalar, float>();
            case InstructionSet.Neon or InstructionSet.NeonDotProd when AdvSimd.Arm64.IsSupported:
                return new ExactAttention<FloatWords128, Vector128<float>>();
            case InstructionSet.Avx2 or InstructionSet.Avx2Vnni when Avx2.IsSupported && Fma.IsSupported:
                return new ExactAttention<FloatWords256, Vector256<float>>();
            case InstructionSet.Avx512 or InstructionSet.Avx512Vnni when Avx512BW.IsSupported:
                return new ExactAttention<FloatWords512, Vector512<float>>();
            default:
                throw new PlatformNotSupportedException($"no attention for {InstructionSets.NameOf(isa)} here");
        }
    }
}
