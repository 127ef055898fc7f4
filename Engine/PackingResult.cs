namespace Engine;

/// <summary>What <see cref="ModelPacker"/> did.</summary>
/// <param name="Tensors">Number of tensors.</param>
/// <param name="PackedTensors">Number of those that are packed; the others are copied.</param>
/// <param name="PackedBytes">Size of the packed ones.</param>
/// <param name="FileBytes">Size of the packed file.</param>
public sealed record PackingResult(int Tensors, int PackedTensors, long PackedBytes, long FileBytes);
