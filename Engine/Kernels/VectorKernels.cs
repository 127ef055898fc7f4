using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Element-wise and row kernels of one instruction set. All pointers may be unaligned; n ≥ 0 is any length.
/// </summary>
internal abstract unsafe class VectorKernels
{
    /// <summary>The kernels of an instruction set.</summary>
    /// <exception cref="PlatformNotSupportedException">The machine, the runtime or the build lacks it.</exception>
    public static VectorKernels For(InstructionSet isa)
    {
        // The tests of IsSupported are constants to the ahead-of-time compiler, which drops what cannot run.
        switch (isa)
        {
            case InstructionSet.Scalar:
                return new VectorKernels<FloatWordsScalar, float>();
            case InstructionSet.Neon or InstructionSet.NeonDotProd when AdvSimd.Arm64.IsSupported:
                return new VectorKernels<FloatWords128, Vector128<float>>();
            case InstructionSet.Avx2 or InstructionSet.Avx2Vnni when Avx2.IsSupported && Fma.IsSupported:
                return new VectorKernels<FloatWords256, Vector256<float>>();
            case InstructionSet.Avx512 or InstructionSet.Avx512Vnni when Avx512BW.IsSupported:
                return new VectorKernels<FloatWords512, Vector512<float>>();
            default:
                throw new PlatformNotSupportedException($"no float kernels for {InstructionSets.NameOf(isa)} here");
        }
    }

    /// <summary>output = x / sqrt(mean(x²) + epsilon) · weight; weight null means 1. output may be x.</summary>
    public abstract void RmsNorm(float* x, float* weight, float* output, int n, float epsilon);

    /// <summary>output = (x − mean) / sqrt(variance + epsilon) · weight + bias; null weight 1, null bias 0.</summary>
    public abstract void LayerNorm(float* x, float* weight, float* bias, float* output, int n, float epsilon);

    /// <summary>x += y.</summary>
    public abstract void Add(float* x, float* y, int n);

    /// <summary>x *= factor.</summary>
    public abstract void Scale(float* x, float factor, int n);

    /// <summary>x = cap · tanh(x / cap).</summary>
    public abstract void SoftCap(float* x, float cap, int n);

    /// <summary>gate = silu(gate) · up (SwiGLU).</summary>
    public abstract void SiluMultiply(float* gate, float* up, int n);

    /// <summary>gate = gelu_tanh(gate) · up (GeGLU).</summary>
    public abstract void GeluTanhMultiply(float* gate, float* up, int n);

    /// <summary>gate = gelu_erf(gate) · up.</summary>
    public abstract void GeluErfMultiply(float* gate, float* up, int n);

    /// <summary>x = gelu_tanh(x) = x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³))).</summary>
    public abstract void GeluTanh(float* x, int n);

    /// <summary>x = gelu_erf(x) = x/2 · (1 + erf(x/√2)).</summary>
    public abstract void GeluErf(float* x, int n);

    /// <summary>x = silu(x).</summary>
    public abstract void Silu(float* x, int n);

    /// <summary>x = max(x, 0)².</summary>
    public abstract void ReluSquared(float* x, int n);

    /// <summary>Rotates pairs (2i, 2i+1), i &lt; pairs, by the angles whose cosines and sines are given.</summary>
    public abstract void RopeInterleaved(float* x, float* cos, float* sin, int pairs);

    /// <summary>Rotates pairs (i, i + pairs), i &lt; pairs.</summary>
    public abstract void RopeHalves(float* x, float* cos, float* sin, int pairs);

    /// <summary>Quantises one row to int8: groups of <paramref name="group"/> (32 or 256), scale = max|x|/127,
    /// quants rounded to nearest even, and sums of each 16 quants. n is a multiple of 32; a short last group of 256
    /// gets its own scale.</summary>
    public abstract void Quantize(float* x, int n, int group, sbyte* quants, float* scales, short* sums);

    /// <summary>Index of the largest element, the first of equals; NaN never wins.</summary>
    public abstract int ArgMax(float* x, int n);

    /// <summary>f32 to binary16, round to nearest even.</summary>
    public abstract void ToHalf(float* x, ushort* output, int n);

    /// <summary>binary16 to f32.</summary>
    public abstract void FromHalf(ushort* x, float* output, int n);

    /// <summary>Writes a row as Q8_0 blocks of 34 bytes: a binary16 scale max|x|/127 and 32 int8 rounded half away from
    /// zero, as ggml's reference does. A last block that <paramref name="n"/> does not fill is padded with zeros.
    /// </summary>
    public abstract void QuantizeQ8_0Row(float* x, byte* output, int n);

    /// <summary>binary16 to f32 as attention reads it: infinities become ±65,536.</summary>
    public abstract void FromFiniteHalf(ushort* x, float* output, int n);

    /// <summary>Reads the first n elements of a row that <see cref="QuantizeQ8_0Row"/> wrote.</summary>
    public abstract void DequantizeQ8_0Row(byte* x, float* output, int n);

    /// <summary>low = min(low, x), high = max(high, x).</summary>
    public abstract void Widen(float* x, float* low, float* high, int n);

    /// <summary>The most that x · y can be for a y with low ≤ y ≤ high: Σ max(x · low, x · high).</summary>
    public abstract float UpperBound(float* x, float* low, float* high, int n);
}
