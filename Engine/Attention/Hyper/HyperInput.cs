namespace Engine.Attention.Hyper;

/// <summary>Memory of one head's call, all f32; strides in floats.</summary>
internal unsafe struct HyperInput
{
    public float* Queries;
    public nint QueryStride;

    /// <summary>Rows padded with zeros to whole blocks of 32.</summary>
    public float* Keys;
    public nint KeyStride;
    public float* Values;
    public nint ValueStride;
    public int ValueDimension;

    /// <summary>Scores are Scale · q·k.</summary>
    public float Scale;

    /// <summary>Number that the samples depend on, besides seed and node.</summary>
    public int Head;

    public float* Output;
    public nint OutputStride;

    /// <summary>Optional: log Σ e^score of each query; null = none.</summary>
    public float* LogSumExp;
}
