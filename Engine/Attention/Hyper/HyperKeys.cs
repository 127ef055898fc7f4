using Engine.Cache;

namespace Engine.Attention.Hyper;

/// <summary>Keys and values of one KV head whose slot is their position, and their ranks.</summary>
internal unsafe struct HyperKeys
{
    public byte* Keys;
    public byte* Values;
    public nint KeyRowBytes;
    public nint ValueRowBytes;
    public CacheType KeyType;
    public CacheType ValueType;
    public int KeyDimension;
    public int ValueDimension;

    /// <summary>Rank of each slot's key.</summary>
    public byte* Ranks;

    /// <summary>Soft-cap of scores, 0 = off.</summary>
    public float SoftCap;

    /// <summary>What the samples of a node depend on besides its keys: seed, owner layer and KV head.</summary>
    public ulong SampleKey;
}
