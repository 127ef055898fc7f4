namespace Engine.Attention;

/// <summary>Joins the results of tasks that looked at different slots, so that a long cache can be divided among
/// workers.</summary>
internal static unsafe class AttentionMerge
{
    /// <summary>Makes one head's output over part A and over part B the output over both.</summary>
    /// <param name="output">A's output of <paramref name="n"/> elements; receives the result.</param>
    /// <param name="logSumExp">A's <see cref="AttentionTask.LogSumExp"/>; receives that of both.</param>
    /// <param name="other">B's output.</param>
    /// <param name="otherLogSumExp">B's value.</param>
    /// <param name="n">Elements of a value head.</param>
    public static void Add(float* output, ref float logSumExp, float* other, float otherLogSumExp, int n)
    {
        float largest = Math.Max(logSumExp, otherLogSumExp);
        if (float.IsNegativeInfinity(largest)) return;
        float own = MathF.Exp(logSumExp - largest), others = MathF.Exp(otherLogSumExp - largest);
        float factor = 1 / (own + others);
        for (int k = 0; k < n; k++) output[k] = ((output[k] * own) + (other[k] * others)) * factor;
        logSumExp = largest + MathF.Log(own + others);
    }
}
