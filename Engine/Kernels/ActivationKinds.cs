namespace Engine.Kernels;

/// <summary>Forms in which linear kernels read their input rows.</summary>
[Flags]
internal enum ActivationKinds
{
    /// <summary>The f32 row itself.</summary>
    Single = 1,

    /// <summary>int8 in groups of 32 with one f32 scale each.</summary>
    Group32 = 2,

    /// <summary>int8 in groups of 256 with one f32 scale each (K-quants: their integer scales stay integer).</summary>
    Group256 = 4,
}
