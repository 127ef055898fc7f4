using Engine.Threading;

namespace Engine.Transformer.Stages;

/// <summary>Bias and soft-cap of the logits: chunk = row.</summary>
internal sealed unsafe class LogitsStage(ForwardState state, Linear output) : IStage
{
    /// <summary>First row of logits and the floats from row to row.</summary>
    public float* Logits { get; set; }

    public void Run(int chunk, int worker)
    {
        float* logits = Logits + (nint)chunk * output.Rows;
        if (output.Bias is not null) state.Vector.Add(logits, output.Bias, output.Rows);
        if (state.Config.LogitSoftCap > 0) state.Vector.SoftCap(logits, state.Config.LogitSoftCap, output.Rows);
    }
}
