using Engine.Formats;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Checks of the linear cells: exact integers where the scales are one, a stated error otherwise.</summary>
internal static unsafe class LinearChecks
{
    /// <summary>Error allowed to a cell, relative to the sum of the absolute values of the terms.</summary>
    public const double RelativeError = 1e-5;

    /// <summary>Bytes before the weights, so that they start misaligned.</summary>
    internal const int Misalignment = 2;

    private static readonly int[] TokenCounts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 33];

    /// <summary>One check for each format.</summary>
    public static IEnumerable<SelfCheck> All
    {
        get
        {
            foreach (WeightFormat format in WeightFormats.All)
                yield return new SelfCheck($"linear {format.Type}", isa => Find(isa, format.Type));
        }
    }

    /// <summary>Checks one cell; null if it is right.</summary>
    /// <param name="isa">Instruction set of the cell.</param>
    /// <param name="type">Format of the weights.</param>
    /// <param name="allocate">Gives memory for the weights whose end must not be read past; null = ordinary.</param>
    public static string? Find(InstructionSet isa, WeightType type, Func<int, nint>? allocate = null)
    {
        LinearKernel kernel = KernelSet.For(isa).Linear(type);
        LinearKernel scalar = KernelSet.For(InstructionSet.Scalar).Linear(type);
        if (!kernel.Name.Contains(InstructionSets.NameOf(isa), StringComparison.Ordinal))
            return $"cell {kernel.Name} is not of {InstructionSets.NameOf(isa)}";
        foreach (LinearCaseKind kind in Enum.GetValues<LinearCaseKind>())
        {
            foreach ((int rows, int columns) in (ReadOnlySpan<(int, int)>)[(37, 512), (5, 1280)])
            {
                if (kind == LinearCaseKind.Extreme && columns > 512) continue;
                using var data = new LinearCase(type, kind, rows, columns, 33, Misalignment, allocate);
                float[] twin = data.Run(scalar, TokenCounts[^1], rows);
                foreach (int tokens in TokenCounts)
                {
                    string? wrong = Compare(kernel, twin, data, tokens);
                    if (wrong is not null)
                        return $"{kernel.Name}, {kind}, {rows} × {columns}, {tokens} tokens: {wrong}";
                }
            }
        }

        return null;
    }

    /// <summary>Compares with the scalar twin, with exact products, and over partitions.</summary>
    internal static string? Compare(LinearKernel kernel, float[] twin, LinearCase data, int tokens)
    {
        float[] whole = data.Run(kernel, tokens, data.Weights.Rows);
        float[] parts = data.Run(kernel, tokens, kernel.RowGranularity);
        if (!whole.AsSpan().SequenceEqual(parts)) return "the result depends on the partition of rows";
        (double[] values, double[] magnitudes) = data.Reference(kernel.Input);
        bool exact = data.Kind == LinearCaseKind.Integers && kernel.Input != ActivationKinds.Single;
        for (int i = 0; i < whole.Length; i++)
        {
            double bound = exact ? 0 : RelativeError * magnitudes[i];
            if (!(Math.Abs(whole[i] - values[i]) <= bound && Math.Abs(twin[i] - values[i]) <= bound))
                return $"row {i % data.Weights.Rows} token {i / data.Weights.Rows} is {whole[i]:R}, "
                    + $"scalar {twin[i]:R}, exact {values[i]:R} ± {bound:G3}";
        }

        return null;
    }
}
