namespace Engine.Transformer;

/// <summary>What a sequence does when its cache is full, and how much of it decode reads; default: refuse, and all.
/// </summary>
/// <param name="Slides">Whether a full cache gives up tokens behind its sinks.</param>
/// <param name="Sinks">First tokens that stay, and that page selection always reads; less than half of the
/// context.</param>
/// <param name="PageBudget">Tokens that decode reads at most, 0 = all.</param>
internal readonly record struct SequencePolicy(bool Slides, int Sinks, int PageBudget);
