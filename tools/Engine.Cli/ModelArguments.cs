using System.CommandLine;
using Engine.Cache;
using Engine.Isa;

namespace Engine.Cli;

/// <summary>The options that load a model and open a session.</summary>
internal sealed class ModelArguments(string contextDescription, int defaultContext = 0, int defaultThreads = 0,
    CacheType defaultCache = CacheType.F16, bool defaultPack = false)
{
    private readonly Option<int> threads = CliOptions.Threads(defaultThreads);
    private readonly Option<int> context = CliOptions.Context(contextDescription, defaultContext);
    private readonly Option<CacheType> cacheType = CliOptions.CacheType(defaultCache);
    private readonly Option<InstructionSet?> isa = CliOptions.Isa();

    private readonly Option<string> pack = CliOptions.Pack(defaultPack);

    private string? modelPath;

    /// <summary>Approximate attention.</summary>
    public AttentionArguments Attention { get; } = new();

    public void AddTo(Command command)
    {
        command.Add(threads);
        command.Add(context);
        command.Add(cacheType);
        command.Add(isa);
        command.Add(pack);
        Attention.AddTo(command);
    }

    public int Context(ParseResult result) => result.GetValue(context);

    public CacheType CacheType(ParseResult result) => result.GetValue(cacheType);

    public InstructionSet Isa(ParseResult result)
    {
        InstructionSet chosen = result.GetValue(isa) ?? InstructionSets.Best;
        return InstructionSets.IsSupported(chosen) ? chosen : throw new PlatformNotSupportedException(
            $"instruction set {InstructionSets.NameOf(chosen)} is not available here");
    }

    public int Threads(ParseResult result) => result.GetValue(threads);

    public LanguageModel Load(ParseResult result, string path, int batchTokens = 512,
        Progress? progress = null)
    {
        // A draft is loaded after the model that the session is of.
        modelPath ??= path;
        try
        {
            return LanguageModel.Load(InputFiles.Existing(path), new ModelOptions
            {
                Threads = result.GetValue(threads),
                InstructionSet = result.GetValue(isa),
                BatchTokens = batchTokens,
                PackWeights = result.GetValue(pack) == "true",
                PackingProgress = (done, total) => progress?.Report("packing, MB", done >> 20, total >> 20),
            });
        }
        finally
        {
            progress?.Clear();
        }
    }

    public SessionOptions Session(ParseResult result, int contextLength) => new()
    {
        ContextLength = contextLength,
        CacheType = CacheType(result),
        Attention = Attention.Read(result, modelPath ?? ""),
    };
}
