using Engine.Gguf;

namespace Engine.Transformer.Architectures;

/// <summary>The architectures that this engine knows.</summary>
internal static class ArchitectureRegistry
{
    private static readonly Architecture[] All =
    [
        new Llama(), new Qwen2(), new Qwen3(), new SmolLm3(), new Olmo2(), new Gemma(), new Gemma2(), new Gemma3(),
        new ChatGlm(), new Glm4(), new Phi2(), new Phi3(), new Gpt2(), new StarCoder2(), new StableLm(),
    ];

    /// <summary>All names, sorted.</summary>
    public static IEnumerable<string> Names => All.SelectMany(architecture => architecture.Names).Order();

    /// <summary>Reads the configuration of a model.</summary>
    /// <exception cref="ModelFormatException">The architecture is unknown (the message lists the known ones), or its
    /// keys are wrong.</exception>
    public static ModelConfig Read(GgufMetadata metadata)
    {
        string name = metadata.GetString("general.architecture");
        Architecture architecture = All.FirstOrDefault(candidate => candidate.Names.Contains(name))
            ?? throw new ModelFormatException(
                $"general.architecture: \"{name}\" is not supported; known: {string.Join(", ", Names)}");
        return architecture.Read(new ConfigReader(metadata, name));
    }
}
