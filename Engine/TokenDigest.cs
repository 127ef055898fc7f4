using System.Numerics;

namespace Engine;

/// <summary>128 bits that stand for tokens that are no longer held, to recognise them when they are given again.
/// </summary>
internal record struct TokenDigest(ulong First, ulong Second)
{
    /// <summary>Adds tokens.</summary>
    public void Add(ReadOnlySpan<int> tokens)
    {
        foreach (int token in tokens)
        {
            // Two independent mixtures: FNV-1a, and a multiplication with the golden ratio.
            First = ((First ^ (uint)token) + 1) * 0x100000001B3;
            Second = BitOperations.RotateLeft((Second + (uint)token + 1) * 0x9E3779B97F4A7C15, 29);
        }
    }
}
