using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Engine.Isa;

/// <summary>32 bytes in two NEON registers.</summary>
internal readonly struct NeonBytes(Vector128<byte> low, Vector128<byte> high)
{
    public readonly Vector128<byte> Low = low;
    public readonly Vector128<byte> High = high;
}

/// <summary>What differs between Arm processors with and without SDOT.</summary>
internal interface INeonDot
{
    /// <summary>sum + Σ of the products of 16 signed bytes; only the total of the lanes has a meaning.</summary>
    static abstract Vector128<int> Dot(Vector128<int> sum, Vector128<sbyte> w, Vector128<sbyte> a);
}

/// <summary>NEON words for matrix-vector loops: two registers of bytes, four int32 sums.</summary>
internal readonly unsafe struct NeonLanes<TDot> : ILaneWords<NeonBytes, Vector128<int>, Vector128<float>>
    where TDot : struct, INeonDot
{
    public static int SignedBias => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonBytes Load(byte* source) => new(Vector128.Load(source), Vector128.Load(source + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreWords(NeonBytes lanes, byte* first, byte* second)
    {
        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(lanes.Low.AsSByte());
        low.Store((short*)first);
        high.Store((short*)first + 8);
        (low, high) = Vector128.Widen(lanes.High.AsSByte());
        low.Store((short*)second);
        high.Store((short*)second + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonBytes LoadHalves(byte* first, byte* second) => new(Vector128.Load(first), Vector128.Load(second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(NeonBytes lanes, byte* target)
    {
        lanes.Low.Store(target);
        lanes.High.Store(target + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonBytes Subtract(NeonBytes lanes, byte value) =>
        new(lanes.Low - Vector128.Create(value), lanes.High - Vector128.Create(value));

    public static int InterleavedRows => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(byte* rows, byte* target, nint lineBytes)
    {
        for (int half = 0; half < 2; half++, rows += 16, target += 4 * lineBytes)
        {
            // a0 a1 a2 a3 and so on to a0 b0 c0 d0 and so on.
            Vector128<uint> a = Vector128.Load((uint*)rows), b = Vector128.Load((uint*)(rows + 32));
            Vector128<uint> c = Vector128.Load((uint*)(rows + 64)), d = Vector128.Load((uint*)(rows + 96));
            Vector128<uint> ac = AdvSimd.Arm64.ZipLow(a, c), bd = AdvSimd.Arm64.ZipLow(b, d);
            AdvSimd.Arm64.ZipLow(ac, bd).Store((uint*)target);
            AdvSimd.Arm64.ZipHigh(ac, bd).Store((uint*)(target + lineBytes));
            ac = AdvSimd.Arm64.ZipHigh(a, c);
            bd = AdvSimd.Arm64.ZipHigh(b, d);
            AdvSimd.Arm64.ZipLow(ac, bd).Store((uint*)(target + 2 * lineBytes));
            AdvSimd.Arm64.ZipHigh(ac, bd).Store((uint*)(target + 3 * lineBytes));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonBytes LoadNibbles(byte* source)
    {
        Vector128<byte> both = Vector128.Load(source);
        return new(both & Vector128.Create((byte)15), both >>> 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonBytes Bits(NeonBytes lanes, int shift, byte mask)
    {
        Vector128<byte> kept = Vector128.Create(mask);
        return shift >= 0
            ? new((lanes.Low >>> shift) & kept, (lanes.High >>> shift) & kept)
            : new((lanes.Low << -shift) & kept, (lanes.High << -shift) & kept);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonBytes Or(NeonBytes left, NeonBytes right) => new(left.Low | right.Low, left.High | right.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonBytes SpreadBits(uint bits, byte value)
    {
        Vector128<byte> all = Vector128.CreateScalarUnsafe(bits).AsByte();
        Vector128<byte> own = Vector128.Create(0x8040201008040201ul).AsByte();
        Vector128<byte> low = Vector128.Shuffle(all, Vector128.Create(0ul, 0x0101010101010101).AsByte());
        Vector128<byte> high = Vector128.Shuffle(
            all, Vector128.Create(0x0202020202020202ul, 0x0303030303030303).AsByte());
        Vector128<byte> wanted = Vector128.Create(value);
        return new(AdvSimd.CompareTest(low, own) & wanted, AdvSimd.CompareTest(high, own) & wanted);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonBytes Lookup(NeonBytes lanes, Vector128<byte> table) =>
        new(AdvSimd.Arm64.VectorTableLookup(table, lanes.Low), AdvSimd.Arm64.VectorTableLookup(table, lanes.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(Vector128<int> sum, NeonBytes q, NeonBytes a) => DotSigned(sum, q, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DotSigned(Vector128<int> sum, NeonBytes w, NeonBytes a) =>
        TDot.Dot(TDot.Dot(sum, w.Low.AsSByte(), a.Low.AsSByte()), w.High.AsSByte(), a.High.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DotScaled(
        Vector128<int> sum, NeonBytes q, NeonBytes a, Vector128<short> scales, int pair)
    {
        Vector128<int> low = TDot.Dot(Vector128<int>.Zero, q.Low.AsSByte(), a.Low.AsSByte());
        Vector128<int> high = TDot.Dot(Vector128<int>.Zero, q.High.AsSByte(), a.High.AsSByte());
        sum = AdvSimd.MultiplyAdd(sum, low, Vector128.Create((int)scales.GetElement(2 * pair)));
        return AdvSimd.MultiplyAdd(sum, high, Vector128.Create((int)scales.GetElement(2 * pair + 1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DotScaledSigned(
        Vector128<int> sum, NeonBytes w, NeonBytes a, Vector128<short> scales, int pair) =>
        DotScaled(sum, w, a, scales, pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DotSums(short* sums, Vector128<short> low, Vector128<short> high)
    {
        Vector128<short> first = Vector128.Load(sums), second = Vector128.Load(sums + 8);
        Vector128<int> total = AdvSimd.MultiplyWideningLower(first.GetLower(), low.GetLower());
        total = AdvSimd.MultiplyWideningUpperAndAdd(total, first, low);
        total = AdvSimd.MultiplyWideningLowerAndAdd(total, second.GetLower(), high.GetLower());
        return AdvSimd.MultiplyWideningUpperAndAdd(total, second, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Start(NeonBytes a, byte offset)
    {
        Vector128<byte> minus = Vector128.Create((sbyte)-offset).AsByte();
        return DotSigned(Vector128<int>.Zero, new(minus, minus), a);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> AddPair(Vector128<float> sum, NeonBytes low, NeonBytes high, byte* pair, float* d0,
        float* d1, bool corrects)
    {
        sbyte* a = (sbyte*)pair;
        Vector128<int> first = TDot.Dot(Vector128<int>.Zero, low.Low.AsSByte(), Vector128.Load(a));
        Vector128<int> second = TDot.Dot(Vector128<int>.Zero, low.High.AsSByte(), Vector128.Load(a + 16));
        first = TDot.Dot(first, high.Low.AsSByte(), Vector128.Load(a + 32));
        second = TDot.Dot(second, high.High.AsSByte(), Vector128.Load(a + 48));
        sum = AddScaled(sum, first, pair, d0, corrects);
        return AddScaled(sum, second, pair + 16, d1, corrects);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> AddSignedPair(
        Vector128<float> sum, NeonBytes low, NeonBytes high, byte* pair, float* d0, float* d1) =>
        AddPair(sum, low, high, pair, d0, d1, corrects: false);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> AddMinimums(Vector128<float> sum, byte* pair, float* m0, float* m1)
    {
        sum = AdvSimd.FusedMultiplyAdd(sum, Vector128.Load((float*)(pair + 96)), Vector128.Create(*m0));
        return AdvSimd.FusedMultiplyAdd(sum, Vector128.Load((float*)(pair + 112)), Vector128.Create(*m1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> AddScaled(
        Vector128<float> sum, Vector128<int> dot, byte* half, float* d, bool corrects)
    {
        Vector128<float> x = AdvSimd.ConvertToSingle(dot), s = Vector128.Load((float*)(half + 64));
        x = corrects ? AdvSimd.FusedMultiplyAdd(Vector128.Load((float*)(half + 96)), x, s) : x * s;
        return AdvSimd.FusedMultiplyAdd(sum, x, Vector128.Create(*d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyInt(Vector128<int> value, int factor) => value * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToFloat(Vector128<int> value) => AdvSimd.ConvertToSingle(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float* source) => AdvSimd.LoadAndReplicateToVector128(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> left, Vector128<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> left, Vector128<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(
        Vector128<float> left, Vector128<float> right, Vector128<float> sum) =>
        AdvSimd.FusedMultiplyAdd(sum, left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(Vector128<float> value) =>
        (value.GetElement(0) + value.GetElement(1)) + (value.GetElement(2) + value.GetElement(3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address)
    {
        // .NET has no prefetch for Arm; its processors' own prefetchers follow four streams.
    }
}
