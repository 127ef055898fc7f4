using Engine.Cache;
using Engine.Kernels;

namespace Engine.Attention;

/// <summary>Keeps the bounds of a ring's pages: computed anew from the stored keys whenever a slot is written or
/// shifted, so that what was overwritten or taken back leaves no trace.</summary>
internal static unsafe class PageBounds
{
    /// <summary>Bounds of the pages that hold positions [low, high].</summary>
    /// <param name="kernels">Kernels of any instruction set.</param>
    /// <param name="ring">A ring with pages.</param>
    /// <param name="head">KV head.</param>
    /// <param name="low">First position that was written.</param>
    /// <param name="high">Last one.</param>
    /// <param name="wide">Room for a key row.</param>
    public static void UpdatePositions(VectorKernels kernels, KvRing ring, int head, int low, int high, float* wide)
    {
        int last = -1;
        // Of a run that is longer than the ring only the end is left.
        for (int position = Math.Max(low, high - ring.Capacity + 1); position <= high; position++)
        {
            int page = ring.Slot(position) / KvPages.Slots;
            if (page != last) Update(kernels, ring, head, page, page, wide);
            last = page;
        }
    }

    /// <summary>Bounds of pages [first, last].</summary>
    public static void Update(VectorKernels kernels, KvRing ring, int head, int first, int last, float* wide)
    {
        int n = ring.Shape.KeyDimension;
        for (int page = first; page <= last; page++)
        {
            float* low = ring.Pages!.Low(head, page), high = ring.Pages.High(head, page);
            new Span<float>(low, n).Fill(float.PositiveInfinity);
            new Span<float>(high, n).Fill(float.NegativeInfinity);
            int end = Math.Min((page + 1) * KvPages.Slots, ring.Capacity);
            for (int slot = page * KvPages.Slots; slot < end; slot++)
            {
                if (ring.Positions[slot] < 0) continue;
                byte* row = ring.Keys(head) + slot * ring.KeyRowBytes;
                float* x = ring.Type == CacheType.F32 ? (float*)row : wide;
                if (ring.Type != CacheType.F32) CacheRows.Read(kernels, ring.Type, row, x, n);
                kernels.Widen(x, low, high, n);
            }
        }
    }
}
