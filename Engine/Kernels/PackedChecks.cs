using Engine.Formats;
using Engine.Formats.Packed;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Checks of the packed cells: as <see cref="LinearChecks"/>, and that a token's result does not depend on how
/// many come with it.</summary>
internal static class PackedChecks
{
    private const int Tokens = 33;

    private static readonly int[] TokenCounts = [1, 2, 3, 4, 5, 7, 8, 11, Tokens];

    /// <summary>One check for each format that can be packed.</summary>
    public static IEnumerable<SelfCheck> All
    {
        get
        {
            foreach (PackedLayout layout in PackedLayout.All)
                yield return new SelfCheck($"packed {layout.Format.Type}", isa => Find(isa, layout.Format.Type));
        }
    }

    /// <summary>Checks one cell; null if it is right.</summary>
    /// <inheritdoc cref="LinearChecks.Find"/>
    public static string? Find(InstructionSet isa, WeightType type, Func<int, nint>? allocate = null)
    {
        LinearKernel kernel = KernelSet.For(isa).PackedLinear(type);
        LinearKernel scalar = KernelSet.For(InstructionSet.Scalar).PackedLinear(type);
        if (!kernel.Name.Contains($"{InstructionSets.NameOf(isa)} packed", StringComparison.Ordinal))
            return $"cell {kernel.Name} is not a packed one of {InstructionSets.NameOf(isa)}";
        // Odd counts of blocks, and more columns than a panel has; rows in strips, behind them, or without any.
        int wide = kernel.Input == ActivationKinds.Group256 ? 1280 : 1312;
        foreach (LinearCaseKind kind in Enum.GetValues<LinearCaseKind>())
        {
            foreach ((int rows, int columns) in (ReadOnlySpan<(int, int)>)[(53, 512), (32, wide), (5, 256)])
            {
                if (kind == LinearCaseKind.Extreme && columns > 512) continue;
                using var data = new LinearCase(type, kind, rows, columns, Tokens, LinearChecks.Misalignment, allocate,
                    packed: true);
                string? wrong = Find(kernel, scalar, data);
                if (wrong is not null) return $"{kernel.Name}, {kind}, {rows} × {columns}, {wrong}";
            }
        }

        return null;
    }

    private static string? Find(LinearKernel kernel, LinearKernel scalar, LinearCase data)
    {
        int rows = data.Weights.Rows;
        float[] twin = data.Run(scalar, Tokens, rows), most = data.Run(kernel, Tokens, rows);
        float[] few = data.Run(kernel, QuantizedLinear.ManyTokens - 1, rows);
        foreach (int tokens in TokenCounts)
        {
            string? wrong = LinearChecks.Compare(kernel, twin, data, tokens);
            if (wrong is not null) return $"{tokens} tokens: {wrong}";
            float[] some = data.Run(kernel, tokens, rows);
            float[] all = tokens < QuantizedLinear.ManyTokens ? few : most;
            if (!some.AsSpan().SequenceEqual(all.AsSpan(0, some.Length)))
                return $"{tokens} tokens: the result depends on the number of tokens";
        }

        return null;
    }
}
