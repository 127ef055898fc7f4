namespace Engine.Cache;

/// <summary>Storage type of cached keys and values.</summary>
public enum CacheType
{
    /// <summary>binary32.</summary>
    F32,

    /// <summary>binary16, the default.</summary>
    F16,

    /// <summary>Blocks of 32 int8 with a binary16 scale (34 bytes), as the weight format Q8_0.</summary>
    Q8_0,
}
