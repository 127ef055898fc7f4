using Engine.Isa;

namespace Engine.Attention;

/// <summary>Exact blocked attention with online softmax on one instruction set.</summary>
internal abstract unsafe class ExactAttention
{
    /// <summary>Bytes of scratch that <see cref="Attend"/> may use, 64-byte aligned, one area per worker.</summary>
    public const int ScratchBytes = 512 * 1024;

    /// <summary>Rows that a task should have at most in prefill: the kernel's query tile.</summary>
    public abstract int RowTile { get; }

    /// <summary>Computes the task's output rows.</summary>
    public abstract void Attend(in AttentionTask task, byte* scratch);

    /// <summary>The kernel for an instruction set.</summary>
    public static ExactAttention For(InstructionSet isa) => throw new NotSupportedException();
}
