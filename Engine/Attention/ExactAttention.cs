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
