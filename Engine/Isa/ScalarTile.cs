using Engine.Memory;

namespace Engine.Isa;

/// <summary>Tile words of one row without vector registers: the twin of all others.</summary>
internal readonly unsafe struct ScalarTile : ITileWords<uint, int, int, float>, IPackedWords<uint, int, int, float>
{
    public static int Rows => 1;

    public static bool SignedWeights => false;

    public static bool Narrow => false;

    public static uint Load(byte* source) => *(uint*)source;

    public static uint BroadcastQuad(sbyte* source) => *(uint*)source;

    public static int Start(int* word) => *word;

    public static int StartWord(sbyte* a, int quads, int offset)
    {
        int sum = 0;
        for (int i = 0; i < 4 * quads; i++) sum -= offset * a[i];
        return sum;
    }

    public static int Dot(int sum, uint weights, uint a)
    {
        for (int shift = 0; shift < 32; shift += 8) sum += (byte)(weights >> shift) * (sbyte)(a >> shift);
        return sum;
    }

    public static int Widen(int sum, int bits) => sum << bits;

    public static int WidenScaled(int sum, byte* scales, int bits) => (sum << bits) * *(int*)scales;

    public static int ScaleWord(short scale) => scale;

    public static int Add(int left, int right) => left + right;

    public static int AddPairs(int total, byte* pairs, int* sums) => AddPairs(total, *(int*)pairs, sums);

    public static float ToFloat(int value) => value;

    public static float Broadcast(float* source) => *source;

    public static float LoadFloats(float* source) => *source;

    public static void Store(float value, float* target) => *target = value;

    public static float Multiply(float left, float right) => left * right;

    public static float MultiplyAdd(float left, float right, float sum) => left * right + sum;

    public static void Store(uint value, byte* target) => *(uint*)target = value;

    public static uint Bits(uint value, int shift, byte mask) =>
        (shift >= 0 ? value >> shift : value << -shift) & 0x01010101u * mask;

    public static uint Or(uint left, uint right) => left | right;

    public static uint Lowered(uint value, int offset) => value;

    public static uint Lookup(uint value, ulong first, ulong second)
    {
        uint result = 0;
        for (int shift = 0; shift < 32; shift += 8)
        {
            int index = (byte)(value >> shift);
            result |= (uint)(byte)((index < 8 ? first : second) >> 8 * (index & 7)) << shift;
        }

        return result;
    }

    public static int Scales(byte* scales, int row, bool signed) => signed ? (sbyte)scales[row] : scales[row];

    public static int Shifted(int value, int bits) => value << bits;

    public static int Scale(short scale) => scale;

    public static int FinishScaled(int total, int sum, int scales) => total + sum * scales;

    public static int Minimums(byte* first, byte* second, int row) => first[row] | second[row] << 16;

    public static int AddPairs(int total, int pairs, int* sums) =>
        total + (short)pairs * (short)*sums + (short)(pairs >> 16) * (short)(*sums >> 16);

    public static void Store(int value, int* target) => *target = value;

    public static float Halves(byte* source) => HalfConversion.ToSingle(*(ushort*)source);

    public static float Exponents(byte* source) => BitConverter.UInt32BitsToSingle(
        *source < 2 ? 0x00200000u << *source : (uint)(*source - 1) << 23);

    public static void Prefetch(void* address)
    {
    }

    public static void Prefetch(byte* address)
    {
    }
}
