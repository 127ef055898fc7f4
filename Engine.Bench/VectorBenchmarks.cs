using BenchmarkDotNet.Attributes;
using Engine.Isa;
using Engine.Kernels;
using Engine.Memory;

namespace Engine.Bench;

/// <summary>Row and element-wise kernels on a row that fits the first-level cache.</summary>
public unsafe class VectorBenchmarks : IMeasuredWork
{
    private const int Elements = 2048;
    private readonly AlignedBuffer<float> x = new(Elements), weight = new(Elements), output = new(Elements);
    private readonly AlignedBuffer<float> cosines = new(Elements / 2), sines = new(Elements / 2);
    private readonly AlignedBuffer<byte> bytes = new(Elements * 2);
    private readonly AlignedBuffer<byte> row = new(Elements / 32 * 34);
    private readonly AlignedBuffer<ushort> halves = new(Elements);
    private readonly AlignedBuffer<short> sums = new(Elements / 16);
    private VectorKernels kernels = null!;

    [GlobalSetup]
    public void Setup()
    {
        InstructionSet isa = Claim.Check();
        kernels = VectorKernels.For(isa);
        Claim.CheckVectors(isa, kernels);
        var random = new Random(1);
        for (int i = 0; i < Elements; i++)
        {
            x.Pointer[i] = (random.NextSingle() * 8) - 4;
            weight.Pointer[i] = 1;
        }

        for (int i = 0; i < Elements / 2; i++)
            (sines.Pointer[i], cosines.Pointer[i]) = MathF.SinCos(random.NextSingle() * 100);
        kernels.QuantizeQ8_0Row(x.Pointer, row.Pointer, Elements);
        kernels.ToHalf(x.Pointer, halves.Pointer, Elements);
    }

    [Benchmark]
    public void RmsNorm() => kernels.RmsNorm(x.Pointer, weight.Pointer, output.Pointer, Elements, 1e-5f);

    [Benchmark]
    public void LayerNorm() =>
        kernels.LayerNorm(x.Pointer, weight.Pointer, weight.Pointer, output.Pointer, Elements, 1e-5f);

    /// <summary>In place: a rotation keeps the length.</summary>
    [Benchmark]
    public void RopeHalves() => kernels.RopeHalves(x.Pointer, cosines.Pointer, sines.Pointer, Elements / 2);

    [Benchmark]
    public void RopeInterleaved() => kernels.RopeInterleaved(x.Pointer, cosines.Pointer, sines.Pointer, Elements / 2);

    /// <summary>A copy, then SwiGLU: in place alone the values would shrink to subnormals.</summary>
    [Benchmark]
    public void CopySiluMultiply()
    {
        x.Slice(0, Elements).CopyTo(output.Slice(0, Elements));
        kernels.SiluMultiply(output.Pointer, weight.Pointer, Elements);
    }

    [Benchmark]
    public void CopyGeluTanhMultiply()
    {
        x.Slice(0, Elements).CopyTo(output.Slice(0, Elements));
        kernels.GeluTanhMultiply(output.Pointer, weight.Pointer, Elements);
    }

    [Benchmark]
    public void CopySoftCap()
    {
        x.Slice(0, Elements).CopyTo(output.Slice(0, Elements));
        kernels.SoftCap(output.Pointer, 30, Elements);
    }

    [Benchmark]
    public void CopyGeluErf()
    {
        x.Slice(0, Elements).CopyTo(output.Slice(0, Elements));
        kernels.GeluErf(output.Pointer, Elements);
    }

    [Benchmark]
    public void Quantize32() =>
        kernels.Quantize(x.Pointer, Elements, 32, (sbyte*)bytes.Pointer, output.Pointer, sums.Pointer);

    [Benchmark]
    public void Quantize256() =>
        kernels.Quantize(x.Pointer, Elements, 256, (sbyte*)bytes.Pointer, output.Pointer, sums.Pointer);

    [Benchmark]
    public void ToHalf() => kernels.ToHalf(x.Pointer, (ushort*)bytes.Pointer, Elements);

    [Benchmark]
    public void FromFiniteHalf() => kernels.FromFiniteHalf(halves.Pointer, output.Pointer, Elements);

    [Benchmark]
    public void QuantizeQ8_0Row() => kernels.QuantizeQ8_0Row(x.Pointer, row.Pointer, Elements);

    [Benchmark]
    public void DequantizeQ8_0Row() => kernels.DequantizeQ8_0Row(row.Pointer, output.Pointer, Elements);

    [Benchmark]
    public int ArgMax() => kernels.ArgMax(x.Pointer, Elements);

    Work IMeasuredWork.WorkOf(string method) => new(Elements * method switch
    {
        nameof(RmsNorm) => 12.0,
        nameof(LayerNorm) or nameof(RopeHalves) or nameof(RopeInterleaved) => 12,
        nameof(CopySiluMultiply) or nameof(CopyGeluTanhMultiply) => 20,
        nameof(CopyGeluErf) or nameof(CopySoftCap) => 16,
        nameof(Quantize32) => 4 + 1 + 4 / 32.0 + 2 / 16.0,
        nameof(Quantize256) => 4 + 1 + 4 / 256.0 + 2 / 16.0,
        nameof(ToHalf) or nameof(FromFiniteHalf) => 6,
        nameof(QuantizeQ8_0Row) or nameof(DequantizeQ8_0Row) => 4 + 34 / 32.0,
        _ => 4,
    }, 0);
}
