namespace Engine.Text;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">Who speaks, as the template spells it: <c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c>.
/// </param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content);
