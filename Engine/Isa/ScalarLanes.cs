using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Isa;

/// <summary>32 bytes without vector registers.</summary>
[InlineArray(32)]
internal struct ScalarBytes
{
    private byte first;
}

/// <summary>Words of <see cref="InstructionSet.Scalar"/>: the twin that every other instruction set is tested against.
/// </summary>
internal readonly unsafe struct ScalarLanes : ILaneWords<ScalarBytes, int, float>
{
    public static int SignedBias => 0;

    public static ScalarBytes Load(byte* source) => *(ScalarBytes*)source;

    public static void Store(ScalarBytes lanes, byte* target) => *(ScalarBytes*)target = lanes;

    public static void StoreWords(ScalarBytes lanes, byte* first, byte* second)
    {
        for (int i = 0; i < 16; i++)
            (((short*)first)[i], ((short*)second)[i]) = ((sbyte)lanes[i], (sbyte)lanes[i + 16]);
    }

    public static ScalarBytes LoadHalves(byte* first, byte* second)
    {
        ScalarBytes result = default;
        for (int i = 0; i < 16; i++) (result[i], result[i + 16]) = (first[i], second[i]);
        return result;
    }

    public static ScalarBytes Subtract(ScalarBytes lanes, byte value)
    {
        for (int i = 0; i < 32; i++) lanes[i] -= value;
        return lanes;
    }

    public static int InterleavedRows => 1;

    public static void Interleave(byte* rows, byte* target, nint lineBytes)
    {
        for (int quad = 0; quad < 8; quad++) *(uint*)(target + quad * lineBytes) = ((uint*)rows)[quad];
    }

    public static ScalarBytes LoadNibbles(byte* source)
    {
        ScalarBytes result = default;
        for (int i = 0; i < 16; i++)
        {
            result[i] = (byte)(source[i] & 15);
            result[i + 16] = (byte)(source[i] >> 4);
        }

        return result;
    }

    public static ScalarBytes Bits(ScalarBytes lanes, int shift, byte mask)
    {
        for (int i = 0; i < 32; i++)
            lanes[i] = (byte)((shift >= 0 ? lanes[i] >> shift : lanes[i] << -shift) & mask);
        return lanes;
    }

    public static ScalarBytes Or(ScalarBytes left, ScalarBytes right)
    {
        for (int i = 0; i < 32; i++) left[i] |= right[i];
        return left;
    }

    public static ScalarBytes SpreadBits(uint bits, byte value)
    {
        ScalarBytes result = default;
        for (int i = 0; i < 32; i++) result[i] = ((bits >> i) & 1) != 0 ? value : (byte)0;
        return result;
    }

    public static ScalarBytes Lookup(ScalarBytes lanes, Vector128<byte> table)
    {
        byte* entries = (byte*)&table;
        for (int i = 0; i < 32; i++) lanes[i] = entries[lanes[i]];
        return lanes;
    }

    public static int Dot(int sum, ScalarBytes q, ScalarBytes a)
    {
        for (int i = 0; i < 32; i++) sum += q[i] * (sbyte)a[i];
        return sum;
    }

    public static int DotSigned(int sum, ScalarBytes w, ScalarBytes a)
    {
        for (int i = 0; i < 32; i++) sum += (sbyte)w[i] * (sbyte)a[i];
        return sum;
    }

    public static int DotScaled(int sum, ScalarBytes q, ScalarBytes a, Vector128<short> scales, int pair)
    {
        short* factors = (short*)&scales + 2 * pair;
        for (int i = 0; i < 32; i++) sum += factors[i >> 4] * (q[i] * (sbyte)a[i]);
        return sum;
    }

    public static int DotScaledSigned(int sum, ScalarBytes w, ScalarBytes a, Vector128<short> scales, int pair)
    {
        short* factors = (short*)&scales + 2 * pair;
        for (int i = 0; i < 32; i++) sum += factors[i >> 4] * ((sbyte)w[i] * (sbyte)a[i]);
        return sum;
    }

    public static int DotSums(short* sums, Vector128<short> low, Vector128<short> high)
    {
        int total = 0;
        for (int i = 0; i < 8; i++) total += sums[i] * ((short*)&low)[i] + sums[i + 8] * ((short*)&high)[i];
        return total;
    }

    public static int Start(ScalarBytes a, byte offset)
    {
        int sum = 0;
        for (int i = 0; i < 32; i++) sum -= offset * (sbyte)a[i];
        return sum;
    }

    public static float AddPair(float sum, ScalarBytes low, ScalarBytes high, byte* pair, float* d0, float* d1,
        bool corrects)
    {
        float* s = (float*)(pair + 64), c = (float*)(pair + 96);
        for (int block = 0; block < 2; block++)
        {
            int dot = 0;
            for (int i = 16 * block; i < 16 * block + 16; i++)
                dot += (sbyte)low[i] * (sbyte)pair[i] + (sbyte)high[i] * (sbyte)pair[i + 32];
            float x = s[4 * block] * dot;
            sum += *(block == 0 ? d0 : d1) * (corrects ? x + c[4 * block] : x);
        }

        return sum;
    }

    public static float AddSignedPair(float sum, ScalarBytes low, ScalarBytes high, byte* pair, float* d0, float* d1) =>
        AddPair(sum, low, high, pair, d0, d1, corrects: false);

    public static float AddMinimums(float sum, byte* pair, float* m0, float* m1)
    {
        float* c = (float*)(pair + 96);
        return sum + *m0 * c[0] + *m1 * c[4];
    }

    public static int MultiplyInt(int value, int factor) => value * factor;

    public static float ToFloat(int value) => value;

    public static float Broadcast(float* source) => *source;

    public static float Add(float left, float right) => left + right;

    public static float Multiply(float left, float right) => left * right;

    public static float MultiplyAdd(float left, float right, float sum) => left * right + sum;

    public static float Total(float value) => value;

    public static void Prefetch(byte* address)
    {
    }
}
