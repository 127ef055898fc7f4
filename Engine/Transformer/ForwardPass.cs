using System.Diagnostics;
using Engine.Attention;
using Engine.Kernels;
using Engine.Memory;
using Engine.Threading;
using Engine.Transformer.Stages;

namespace Engine.Transformer;

/// <summary>The transformer: embed → (norm → attend → norm → feed) × layers → logits, over a batch of rows.</summary>
/// <remarks>One step at a time; the owner serialises. Allocates nothing after construction.</remarks>
internal sealed unsafe class ForwardPass : IDisposable
{
    /// <summary>Rows whose logits are computed at once.</summary>
    public const int LogitRows = 32;

    /// <summary>Up to so many rows of a sequence in a step give the very bits that they give one by one: matrices are
    /// read row by row of the weights, attention takes each row alone.</summary>
    public const int IndependentRows = QuantizedLinear.ManyTokens - 1;

    private readonly ModelWeights weights;
    private readonly WorkerTeam team;
    private readonly ForwardState state;
    private readonly AlignedBuffer<float> logits;
    private readonly int lastOwner;
    private readonly EmbedStage embed;
    private readonly AttentionInputStage attentionInput;
    private readonly HeadsStage heads;
    private readonly AttendStage attend;
    private readonly RankStage rank;
    private readonly HyperAttendStage hyperAttend;
    private readonly AttentionOutputStage attentionOutput;
    private readonly FeedForwardInputStage feedForwardInput;
    private readonly ActivationStage activation;
    private readonly FeedForwardOutputStage feedForwardOutput;
    private readonly OutputNormStage outputNorm;
    private readonly LogitsStage finishLogits;
    private readonly TokenTileStage tiles;
    private readonly LinearStage linear;
    private readonly PagesStage pages;
    private readonly AllPagesStage allPages;
    private readonly ShiftStage shift;
    private readonly PrefetchTuner prefetch = new();
    private readonly TeamTuner teamTuner = new();
    private bool isSingle;

    public ForwardPass(ModelConfig config, ModelWeights weights, KernelSet kernels, WorkerTeam team, int batchRows)
    {
        this.weights = weights;
        this.team = team;
        ExactAttention attention = ExactAttention.For(kernels.InstructionSet);
        state = new ForwardState(config, weights, kernels, batchRows, team.Workers) { RowTile = attention.RowTile };
        logits = new AlignedBuffer<float>((nint)Math.Min(LogitRows, batchRows) * weights.Vocabulary);
        lastOwner = config.Sharing.OwnerLayers[^1];
        embed = new EmbedStage(state, weights);
        attentionInput = new AttentionInputStage(state);
        heads = new HeadsStage(state);
        attend = new AttendStage(state, attention);
        rank = new RankStage(state);
        hyperAttend = new HyperAttendStage(state, team.Workers);
        attentionOutput = new AttentionOutputStage(state, attend);
        feedForwardInput = new FeedForwardInputStage(state);
        activation = new ActivationStage(state);
        feedForwardOutput = new FeedForwardOutputStage(state);
        outputNorm = new OutputNormStage(state, weights);
        finishLogits = new LogitsStage(state, weights.Output);
        tiles = new TokenTileStage(weights, batchRows);
        linear = new LinearStage(state, tiles, team.Workers);
        pages = new PagesStage(state);
        allPages = new AllPagesStage(state);
        shift = new ShiftStage(state);
    }

    /// <summary>Rows that a step may have.</summary>
    public int BatchRows => state.BatchRows;

    /// <summary>Rows of the last step that have logits.</summary>
    public int OutputRows => state.Rows;

    /// <summary>Layers after the last owner write no cache: only rows that need logits go through them. Off for tests.
    /// </summary>
    public bool SkipsUnwantedRows { get; set; } = true;

    /// <summary>True to compute on the caller's thread alone; results do not depend on it.</summary>
    public bool CallerAlone { get; set; }

    /// <summary>Runs while attention is computed, from keys and queries to the outputs of its heads, ranks included;
    /// null = nobody asks.</summary>
    public Stopwatch? AttentionTime { get; set; }

    private bool IsAlone => CallerAlone || (isSingle && teamTuner.Alone);

    /// <summary>Runs a step: appends its rows to their sequences and leaves the rows that want logits ready for
    /// <see cref="Logits"/>.</summary>
    public void Run(StepBatch batch)
    {
        isSingle = batch.Rows == 1 && team.Workers > 1 && !CallerAlone;
        if (isSingle) teamTuner.BeginStep();
        team.Enter(IsAlone);
        prefetch.Begin(batch.Rows);
        try
        {
            state.Begin(batch);
            team.Run(embed, state.Rows);
            for (int layer = 0; layer < weights.Layers.Length && state.Rows > 0; layer++)
            {
                state.Layer = weights.Layers[layer];
                Attend(layer, dropsRows: SkipsUnwantedRows && layer == lastOwner);
                FeedForward();
            }

            state.KeepWantedRows();
            team.Run(outputNorm, state.Rows);
            prefetch.End();
        }
        finally
        {
            team.Leave();
            if (isSingle) teamTuner.EndPart();
        }
    }

    /// <summary>Logits of output rows [first, first + rows), rows ≤ <see cref="LogitRows"/>; valid until the next call.
    /// </summary>
    public Span<float> Logits(int first, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Math.Min(LogitRows, OutputRows - first));
        if (isSingle) teamTuner.BeginPart();
        team.Enter(IsAlone);
        try
        {
            Multiply(linear.Reset().Add(weights.Output, state.Input, first, rows, logits.Pointer, weights.Vocabulary));
            finishLogits.Logits = logits.Pointer;
            team.Run(finishLogits, rows);
        }
        finally
        {
            team.Leave();
            if (isSingle) teamTuner.EndPart();
        }

        return logits.Slice(0, rows * weights.Vocabulary);
    }

    /// <summary>Re-assigns the positions behind the sinks of a sequence so that they follow them.</summary>
    public void CloseGap(Sequence sequence)
    {
        Together(shift.For(sequence));
        sequence.Cache.CloseGap();
    }

    /// <summary>Computes the bounds of a sequence's pages, after its rings were filled.</summary>
    public void BoundPages(Sequence sequence)
    {
        if (sequence.Cache.HasPages) Together(allPages.For(sequence));
    }

    /// <summary>Ranks the cached keys of a sequence from a position on.</summary>
    public void RankCache(Sequence sequence, int first) => Together(new CachedRanksStage(state).For(sequence, first));

    public void Dispose()
    {
        shift.Dispose();
        state.Dispose();
        tiles.Dispose();
        logits.Dispose();
    }

    private void Together(RingStage stage)
    {
        team.Enter();
        try
        {
            team.Run(stage, stage.Chunks);
        }
        finally
        {
            team.Leave();
        }
    }

    private void Attend(int index, bool dropsRows)
    {
        LayerWeights layer = state.Layer;
        team.Run(attentionInput, state.Rows);
        linear.Reset().Add(layer.Query, state.Input, 0, state.Rows, state.Queries(0), state.QueryStride);
        if (layer.Key is not null)
            linear.Add(layer.Key, state.KvInput, 0, state.Rows, state.Keys(0), state.KeyStride)
                .Add(layer.Value!, state.KvInput, 0, state.Rows, state.Values(0), state.ValueStride);
        Multiply(linear);
        team.Run(heads, state.Rows);
        if (state.HasPages && layer.Key is not null) team.Run(pages, pages.Chunks);
        AttentionTime?.Start();
        bool approximates = state.HasHyper;
        if (approximates) team.Run(rank, rank.Begin(index));
        if (dropsRows) state.KeepWantedRows();
        if (approximates)
        {
            hyperAttend.Plan(index);
            while (hyperAttend.MoveNext()) team.Run(hyperAttend, hyperAttend.Chunks);
        }

        team.Run(attend, attend.Plan());
        AttentionTime?.Stop();
        team.Run(attentionOutput, state.Rows);
        Multiply(linear.Reset().Add(layer.Output, state.AttentionOutput, 0, state.Rows, state.BlockOutput(0),
            state.HiddenStride));
    }

    private void FeedForward()
    {
        LayerWeights layer = state.Layer;
        ActivationBuffer activated = state.Activated;
        team.Run(feedForwardInput, state.Rows);
        linear.Reset().Add(layer.Gate ?? layer.Up, state.Input, 0, state.Rows, activated.Row(0), activated.ValueStride);
        if (layer.Gate is not null)
            linear.Add(layer.Up, state.Input, 0, state.Rows, state.Up(0), state.UpStride);
        Multiply(linear);
        team.Run(activation, state.Rows);
        Multiply(linear.Reset().Add(layer.Down, activated, 0, state.Rows, state.BlockOutput(0), state.HiddenStride));
        team.Run(feedForwardOutput, state.Rows);
    }

    private void Multiply(LinearStage stage)
    {
        if (state.Rows == 0) return;
        if (tiles.Chunks > 0) team.Run(tiles, tiles.Chunks);
        team.Run(stage, stage.Chunks);
    }
}
