using Engine.Cache;
using Engine.Kernels;
using Engine.Memory;

namespace Engine.Attention;

/// <summary>Attention of one row over the pages that can matter most to it (Quest, arXiv 2406.10774), within a budget
/// of tokens.</summary>
/// <remarks>
/// A page's keys lie between its bounds, so no score in it exceeds Σ max(q · low, q · high). The query heads of a group
/// read one set of pages: each head weighs a page by e^(bound − its largest bound), and the weights of the heads are
/// added. Pages with the first tokens and with the newest are always read; so are those that the next few tokens will
/// be written to, because what is guessed ahead must not change what is read for the tokens before it.
/// </remarks>
internal sealed unsafe class PageSelector : IDisposable
{
    /// <summary>Newest tokens whose pages are always read, this many and the part of a page.</summary>
    public const int Recent = 2 * KvPages.Slots;

    /// <summary>More than can be evaluated together as if one by one.</summary>
    private const int Ahead = 16;

    private readonly VectorKernels kernels;
    private readonly int sinks;
    private readonly int pagesRead;
    private readonly int capacity;
    private readonly AlignedBuffer<float> floats;
    private readonly AlignedBuffer<SlotRange> ranges;

    /// <summary>Prepares the choice for one sequence.</summary>
    /// <param name="kernels">Kernels of the machine.</param>
    /// <param name="budget">Tokens to read for each new one, rounded up to pages.</param>
    /// <param name="sinks">First tokens that are always read.</param>
    /// <param name="contextLength">Tokens that the sequence may hold.</param>
    /// <param name="workers">Workers that choose at once.</param>
    public PageSelector(VectorKernels kernels, int budget, int sinks, int contextLength, int workers)
    {
        this.kernels = kernels;
        this.sinks = sinks;
        Budget = budget;
        pagesRead = (budget + KvPages.Slots - 1) / KvPages.Slots;
        // The two ranges of a ring may cut a page in two.
        capacity = ((contextLength / KvPages.Slots) + 4 + 15) / 16 * 16;
        floats = new AlignedBuffer<float>((nint)workers * 2 * capacity);
        ranges = new AlignedBuffer<SlotRange>((nint)workers * capacity);
    }

    /// <summary>Tokens to read for each new one.</summary>
    public int Budget { get; }

    /// <summary>Collects the error against exact attention, which is computed besides; null = off.</summary>
    public PageErrors? Errors { get; set; }

    /// <summary>Computes a task of one row.</summary>
    /// <param name="attention">The exact kernel.</param>
    /// <param name="task">One row, all visible slots.</param>
    /// <param name="ring">The ring that it reads.</param>
    /// <param name="head">KV head.</param>
    /// <param name="worker">Worker, for scratch memory.</param>
    /// <param name="scratch">Scratch of the kernel.</param>
    public void Attend(ExactAttention attention, AttentionTask task, KvRing ring, int head, int worker, byte* scratch)
    {
        AttentionTask exact = task;
        if (!Select(ref task, ring, head, worker)) attention.Attend(task, scratch);
        else if (Errors is null) attention.Attend(task, scratch);
        else Errors.Attend(attention, exact, task, worker, scratch);
    }

    /// <summary>Replaces the slots of a task by those of the chosen pages.</summary>
    /// <returns>False if the task reads no more than the budget as it is.</returns>
    public bool Select(ref AttentionTask task, KvRing ring, int head, int worker)
    {
        var first = new PageRun(task.First, 0);
        var second = new PageRun(task.Second, first.Count);
        int count = first.Count + second.Count;
        if (count <= pagesRead) return false;
        var weights = new Span<float>(floats.Pointer + ((nint)worker * 2 * capacity), count);
        var work = new Span<float>(floats.Pointer + (((nint)worker * 2) + 1) * capacity, count);
        weights.Clear();
        int required = Require(ring, task.Positions[0], first, second, weights);
        for (int query = 0; query < task.GroupHeads; query++)
            Weigh(task, ring, head, query, first, second, weights, work);
        float least = Threshold(weights, work, pagesRead - required, out int ofEquals);
        SlotRange* chosen = ranges.Pointer + ((nint)worker * capacity);
        int chosenCount = 0;
        for (int i = 0; i < count; i++)
        {
            if (!(weights[i] > least) && (weights[i] != least || ofEquals-- <= 0)) continue;
            SlotRange range = i < first.Count ? first.Slots(i) : second.Slots(i);
            if (chosenCount > 0 && chosen[chosenCount - 1].End == range.Begin)
                chosen[chosenCount - 1] = chosen[chosenCount - 1] with { End = range.End };
            else
                chosen[chosenCount++] = range;
        }

        task.First = task.Second = default;
        task.More = chosen;
        task.MoreCount = chosenCount;
        return true;
    }

    public void Dispose()
    {
        floats.Dispose();
        ranges.Dispose();
    }

    /// <summary>Adds the weights that one query head gives the pages that are not read anyway: those may hold later
    /// tokens already, and must not have a say.</summary>
    private void Weigh(in AttentionTask task, KvRing ring, int head, int queryHead, PageRun first, PageRun second,
        Span<float> weights, Span<float> work)
    {
        float* query = task.Query + (queryHead * task.QueryHeadStride);
        float largest = float.NegativeInfinity;
        for (int i = 0; i < work.Length; i++)
        {
            if (float.IsPositiveInfinity(weights[i])) continue;
            int page = i < first.Count ? first.Page(i) : second.Page(i);
            float bound = task.Scale * kernels.UpperBound(query, ring.Pages!.Low(head, page),
                ring.Pages.High(head, page), task.KeyDimension);
            if (task.SoftCap > 0) bound = task.SoftCap * MathF.Tanh(bound / task.SoftCap);
            // A fault in the keys must stay visible.
            work[i] = float.IsFinite(bound) ? bound : float.MaxValue;
            largest = Math.Max(largest, work[i]);
        }

        for (int i = 0; i < work.Length; i++)
            if (!float.IsPositiveInfinity(weights[i])) weights[i] += MathF.Exp(work[i] - largest);
    }

    /// <summary>Gives the pages that are always read an infinite weight.</summary>
    /// <returns>How many they are.</returns>
    private int Require(KvRing ring, int position, PageRun first, PageRun second, Span<float> weights)
    {
        for (int p = 0; p < sinks; p++)
            if (p < ring.Sinks || p >= ring.First) Mark(ring.Slot(p), weights);
        for (int p = Math.Max(0, position - Recent + 1); p <= position + Ahead; p++) Mark(ring.Slot(p), weights);
        int required = 0;
        foreach (float weight in weights)
            if (float.IsPositiveInfinity(weight)) required++;
        return required;

        void Mark(int slot, Span<float> all)
        {
            int page = slot / KvPages.Slots;
            if (first.Holds(page)) all[first.Index(page)] = float.PositiveInfinity;
            if (second.Holds(page)) all[second.Index(page)] = float.PositiveInfinity;
        }
    }

    /// <summary>The weight from which pages are read.</summary>
    /// <param name="weights">Weights; infinite where a page is read anyway.</param>
    /// <param name="work">Room for as many.</param>
    /// <param name="count">Other pages to read.</param>
    /// <param name="ofEquals">Pages of exactly the weight to read, the first ones.</param>
    private static float Threshold(ReadOnlySpan<float> weights, Span<float> work, int count, out int ofEquals)
    {
        ofEquals = 0;
        if (count <= 0) return float.MaxValue;
        int candidates = 0;
        foreach (float weight in weights)
            if (!float.IsPositiveInfinity(weight)) work[candidates++] = weight;
        if (candidates == 0) return float.MaxValue;
        work = work[..candidates];
        count = Math.Min(count, candidates);
        float least = Largest(work, count);
        ofEquals = count;
        foreach (float weight in work)
            if (weight > least) ofEquals--;
        return least;
    }

    /// <summary>The <paramref name="rank"/>-th largest value, by Hoare's selection; the order of values is lost.
    /// </summary>
    private static float Largest(Span<float> values, int rank)
    {
        int low = 0, high = values.Length - 1, sought = rank - 1;
        while (low < high)
        {
            float pivot = values[low + ((high - low) / 2)];
            int i = low, j = high;
            while (i <= j)
            {
                while (values[i] > pivot) i++;
                while (values[j] < pivot) j--;
                if (i > j) continue;
                (values[i], values[j]) = (values[j], values[i]);
                i++;
                j--;
            }

            if (sought <= j) high = j;
            else if (sought >= i) low = i;
            else break;
        }

        return values[sought];
    }

    /// <summary>The pages of a range of slots, numbered from <paramref name="start"/>.</summary>
    private readonly struct PageRun(SlotRange range, int start)
    {
        private readonly int begin = range.Begin / KvPages.Slots;

        public int Count { get; } = range.End > range.Begin
            ? ((range.End - 1) / KvPages.Slots) - (range.Begin / KvPages.Slots) + 1 : 0;

        public int Page(int index) => begin + index - start;

        public int Index(int page) => page - begin + start;

        public bool Holds(int page) => page >= begin && page < begin + Count;

        /// <summary>The page's slots within the range.</summary>
        public SlotRange Slots(int index)
        {
            int slot = Page(index) * KvPages.Slots;
            return new SlotRange(Math.Max(slot, range.Begin), Math.Min(slot + KvPages.Slots, range.End));
        }
    }
}
