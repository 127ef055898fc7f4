using System.Diagnostics.CodeAnalysis;

namespace Engine.Text;

/// <summary>The pre-tokenizers that <c>tokenizer.ggml.pre</c> names, with the model makers' regular expressions as
/// llama.cpp cites them.</summary>
internal static class PreTokenizerRules
{
    /// <summary>What a file without <c>tokenizer.ggml.pre</c> gets.</summary>
    public const string Default = "default";

    private const string LlamaBpe =
        """(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"""
        + """\s*[\r\n]+|\s+(?!\S)|\s+""";

    private const string EachNumber =
        """\p{N}""";

    private const string Gpt2WithoutLastSpace =
        """'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)""";

    private const string Gpt2 =
        """'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""";

    private const string Gpt4o =
        """[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|"""
        + """'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|"""
        + """'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+""";

    private static readonly (string Names, PreTokenizerRule Rule)[] Table =
    [
        ("llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano", new(
        [
            LlamaBpe,
        ], IgnoreMerges: true, AddsBos: true)),
        ("dbrx smaug-bpe glm4 chatglm-bpe", new(
        [
            LlamaBpe,
        ])),
        ("jais-2", new(
        [
            """(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"""
            + """\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|"""
            + """\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}""",
        ])),
        ("deepseek-llm", new(
        [
            """[\r\n]""",
            """\s?[A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295"""
            + """-\u02AF\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386\u0388-\u038A\u038C\u038E-\u03A1"""
            + """\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD"""
            + """\u1C90-\u1CBA\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D"""
            + """\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6"""
            + """-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4"""
            + """\u1FF6-\u1FFC\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D"""
            + """\u212F-\u2134\u2139\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4"""
            + """\u2CEB-\u2CEE\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E"""
            + """\uAB70-\uABBF\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A\x{10400}-\x{1044F}"""
            + """\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}\x{118A0}"""
            + """-\x{118DF}\x{1E900}-\x{1E943}]+""",
            """\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+""",
            """\s+$""",
            """[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+""",
            """\p{N}+""",
        ])),
        ("deepseek-v3 hunyuan-dense joyai-llm", new(
        [
            """\p{N}{1,3}""",
            """[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+""",
            """[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"""
            + """ ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
        ])),
        ("youtu", new(
        [
            """[\uAC00-\uD7A3\u3131-\u318E]+|[\uFF01\u2026\u201C\u201D\u2018\u2019\u2014\uFF1A\uFF1B\uFF0C"""
            + """\u3001-\u303F\uFE30-\uFE4F]+|[\u3105-\u312F]+|[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+""",
            """[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?:'[sS]|'[tT]|"""
            + """'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}"""
            + """\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|"""
            + """\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
        ], IgnoreMerges: true)),
        ("deepseek-coder", new(
        [
            """[\r\n]""",
            """\s?\p{L}+""",
            """\s?\p{P}+""",
            """[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+""",
            EachNumber,
        ])),
        ("falcon", new(
        [
            """[\p{P}\$\+<=>\^~\|`]+""",
            Gpt2WithoutLastSpace,
            """[0-9][0-9][0-9]""",
        ])),
        ("starcoder refact command-r smollm codeshell exaone minerva-7b mellum2", new(
        [
            EachNumber,
            Gpt2,
        ])),
        ("gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de a.x-4.0 mellum modern-bert "
            + "jina-v1-en jina-v2-code roberta-bpe exaone4 mpt olmo jais trillion granite-docling", new(
        [
            Gpt2,
        ])),
        ("qwen2 stablelm2 deepseek-r1-qwen kormo f2llmv2 megrez hunyuan solar-open grok-2", new(
        [
            """(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|"""
            + """\s*[\r\n]+|\s+(?!\S)|\s+""",
        ])),
        ("qwen35", new(
        [
            """(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|"""
            + """ ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
        ])),
        ("poro-chat bloom gpt3-finnish", new(
        [
            """ ?[^(\s|.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C)]+""",
        ])),
        ("viking", new(
        [
            """ ?[^(\s|.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C)]+""",
            EachNumber,
        ])),
        ("tekken", new(
        [
            """[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"""
            + """[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}|"""
            + """ ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
        ], IgnoreMerges: true, AddsBos: true)),
        ("chameleon", new(
        [
            """<sentinel:[0-9]+>""",
            """(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z""",
            """([\t\n]|    |  )""",
            EachNumber,
            """[\p{P}!-/:-@\[-`{-~]""",
            Gpt2WithoutLastSpace,
        ], AddsBos: true)),
        ("gpt-4o llama4 kanana2 talkie minimax-m2", new(
        [
            Gpt4o,
        ])),
        ("granite-embed-multi-97m", new(
        [
            """[^\r\n\p{L}\p{N}]?((?=[\p{L}\p{M}])([^a-z]))*((?=[\p{L}\p{M}])([^A-Z]))+(?:'[sS]|'[tT]|"""
            + """'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|[^\r\n\p{L}\p{N}]?((?=[\p{L}\p{M}])([^a-z]))+((?"""
            + """=[\p{L}\p{M}])([^A-Z]))*(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|"""
            + """\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
        ], IgnoreMerges: true)),
        ("tiny_aya cohere2moe", new(
        [
            """\d{1,3}(?=(?:\d{3})*\b)""",
            Gpt4o,
        ])),
        ("kimi-k2", new(
        [
            """[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}"""
            + """\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"""
            + """[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^"""
            + """\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"""
            + """\s+(?!\S)|\s+""",
        ])),
        ("superbpe", new(
        [
            """\p{N}+""",
            """(?=(\d{3})+(?!\d))""",
        ])),
        ("bailingmoe bailingmoe2 llada-moe", new(
        [
            """'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|"""
            + """\s+(?!\S)|\s+""",
        ])),
        ("seed-coder", new(
        [
            """(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|"""
            + """\s*[\r\n]+|\s+(?!\S)|\s+""",
        ])),
        ("afmoe", new(
        [
            """\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))""",
            """[\u4E00-\u9FFF\u3400-\u4DBF\u8C48-\uFAFF\u3040-\u309F\u30A0-\u30FF\uFF65-\uFF9F\u2F00"""
            + """-\u2FDF\u0E40-\u0E7F\u0E80-\u0EFF\u1780-\u17FF\u1000-\u109F\uAA60-\uAA7F\uA9E0-\uA9FF"""
            + """\uAC00-\uD7AF\u1100-\u11FF]+""",
            """[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"""
            + """ ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
        ])),
        ("laguna", new(
        [
            """[^\n]+|[\n]+""",
            """(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"""
            + """ ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
        ])),
        ("exaone-moe", new(
        [
            """(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}|"""
            + """ ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+""",
        ])),
        ("gemma4 granite-embed-multi-311m sarvam-moe", new(
        [
            """[^\n]+|[\n]+""",
        ], ByteLevel: false, EscapesSpaces: true)),
        ("minicpm5", new(
        [
            """\p{N}{1,3}""",
            """(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|"""
            + """\s*[\r\n]+|\s+(?!\S)|\s+""",
        ], IgnoreMerges: true)),
        ("whitespace", new(
        [
            """\S+""",
        ], ByteLevel: false)),
        ("default", new(
        [
            """[\p{P}\$\+<=>\^~\|]+""",
            Gpt2WithoutLastSpace,
            """\p{N}+""",
            """[0-9][0-9][0-9]""",
        ])),
    ];

    /// <summary>All names, sorted.</summary>
    public static IReadOnlyList<string> Names
    {
        get
        {
            List<string> names = [];
            foreach ((string list, _) in Table) names.AddRange(list.Split(' '));
            names.Sort(StringComparer.Ordinal);
            return names;
        }
    }

    /// <summary>Finds the rule of a name.</summary>
    public static bool TryFind(string name, [NotNullWhen(true)] out PreTokenizerRule? rule)
    {
        foreach ((string list, PreTokenizerRule candidate) in Table)
        {
            foreach (Range range in list.AsSpan().Split(' '))
            {
                if (!list.AsSpan()[range].SequenceEqual(name)) continue;
                rule = candidate;
                return true;
            }
        }

        rule = null;
        return false;
    }
}
