namespace Engine.Cache;

/// <summary>What the cache of one layer group holds: the K and V rows of its owner.</summary>
/// <param name="Owner">Layer that projects and writes K and V.</param>
/// <param name="KvHeads">Key/value heads.</param>
/// <param name="KeyDimension">Elements of a key head.</param>
/// <param name="ValueDimension">Elements of a value head.</param>
/// <param name="Window">Sliding window in positions, 0 = full context.</param>
internal sealed record CacheShape(int Owner, int KvHeads, int KeyDimension, int ValueDimension, int Window);
