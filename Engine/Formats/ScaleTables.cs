using System.Runtime.InteropServices;
using Engine.Memory;

namespace Engine.Formats;

/// <summary>Block scales as f32, by their bits: a load with broadcast costs a kernel less than converting in
/// registers, and neighbouring blocks have similar scales, so the lines in use stay in the first-level cache.</summary>
/// <remarks>Native memory that lives as long as the process; callers keep the pointers in locals.</remarks>
internal static unsafe class ScaleTables
{
    /// <summary>All 65,536 binary16 values.</summary>
    public static float* Half { get; } = BuildHalf();

    /// <summary>Half of each E8M0 scale, 2^(e − 128): MXFP4's codebook is kept doubled to be whole.</summary>
    public static float* HalvedE8M0 { get; } = BuildHalvedE8M0();

    private static float* BuildHalf()
    {
        float* table = (float*)NativeMemory.AlignedAlloc(65536 * sizeof(float), 64);
        for (int i = 0; i < 65536; i++) table[i] = HalfConversion.ToSingle((ushort)i);
        return table;
    }

    private static float* BuildHalvedE8M0()
    {
        float* table = (float*)NativeMemory.AlignedAlloc(256 * sizeof(float), 64);
        for (int i = 0; i < 256; i++)
        {
            // 2^−128 and 2^−127 are subnormal: their single bit lies in the fraction.
            uint bits = i < 2 ? 0x00200000u << i : (uint)(i - 1) << 23;
            table[i] = BitConverter.UInt32BitsToSingle(bits);
        }

        return table;
    }
}
