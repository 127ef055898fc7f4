using System.Diagnostics;
using System.Text;
using Engine.Text;
using Engine.Text.Patterns;

namespace Engine.Tests.Text;

[TestClass]
public sealed class CodePointPatternTests
{
    [TestMethod]
    [DataRow(@"\p{L}+", "ab1", 2)]
    [DataRow(@"\p{L}+", "𐐀𝓐1", 8, DisplayName = "letters beyond U+FFFF")]
    [DataRow(@"[^\p{L}]", "🙂a", 4)]
    [DataRow(@"a|ab", "ab", 1)]
    [DataRow(@"(?:a|ab)c", "abc", 3)]
    [DataRow(@"a*?b", "aab", 3)]
    [DataRow(@"(?:ab)+?c", "ababc", 5)]
    [DataRow(@"a++a", "aaa", -1)]
    [DataRow(@"(?>a+)b", "aab", 3)]
    [DataRow(@"(?>a|ab)c", "abc", -1)]
    [DataRow(@"a{2,3}", "aaaa", 3)]
    [DataRow(@"a{2}", "a", -1)]
    [DataRow(@"(?:ab){1,2}", "ababab", 4)]
    [DataRow(@"\s+(?!\S)", "   x", 2)]
    [DataRow(@"\s+$", "  x", -1)]
    [DataRow(@"\s+$", " \n", 2)]
    [DataRow(@"a(?=b)", "ab", 1)]
    [DataRow(@"(?<=a)b", "b", -1)]
    [DataRow(@"(?<!a)b", "b", 1)]
    [DataRow(@"(?i:'s|k)", "'ſ", 3, DisplayName = "long s folds to s")]
    [DataRow(@"(?i:'s|k)", "\u212A", 3, DisplayName = "Kelvin sign folds to k")]
    [DataRow(@"(?i)AB", "ab", 2)]
    [DataRow(@"'s", "'S", -1)]
    [DataRow(@"[\p{L}&&[^\p{Han}]]+", "é日", 2)]
    [DataRow(@"[\p{L}&&\p{Han}]+", "日é", 3)]
    [DataRow(@"[a-c\-\]]+", "b-]d", 3)]
    [DataRow(@"[]a]+", "]a", 2)]
    [DataRow(@"[^]a]", "b", 1)]
    [DataRow(@"\x41\u0042\x{43}", "ABC", 3)]
    [DataRow(@"\d", "٣", 2)]
    [DataRow(@"\d", "²", -1)]
    [DataRow(@"\p{N}", "²", 2)]
    [DataRow(@"\s", "\u200B", -1)]
    [DataRow(@"\s", "\u3000", 3)]
    [DataRow(@"a\b", "a b", 1)]
    [DataRow(@"a\b", "ab", -1)]
    [DataRow(@"^a", "a", 1)]
    [DataRow(@"(a*)*b", "aaac", -1, DisplayName = "a loop of empty rounds ends")]
    [DataRow(@"(?:a?)+$", "aab", -1)]
    public void MatchesAtTheStart(string pattern, string text, int expected)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        CodePointPattern compiled = new(pattern);
        PatternMatcher matcher = new();
        matcher.Begin(compiled, utf8.Length);
        Assert.AreEqual(expected, matcher.Match(utf8, 0));
    }

    [TestMethod]
    [DataRow("(a")]
    [DataRow("a)")]
    [DataRow("[a")]
    [DataRow(@"\p{Nothing}")]
    [DataRow("*a")]
    [DataRow("a{3,2}")]
    [DataRow("[b-a]")]
    [DataRow(@"\q")]
    [DataRow("(?<=ab)c")]
    [DataRow(@"a\")]
    public void UnknownSyntaxIsRefused(string pattern) =>
        Assert.ThrowsExactly<FormatException>(() => new CodePointPattern(pattern));

    /// <summary>The oracle is .NET's engine, which agrees on ASCII text and the syntax both know.</summary>
    [TestMethod]
    public void RandomPatternsMatchLikeTheFrameworks()
    {
        string[] atoms = ["a", "b", " ", "[ab]", "[^a]", @"\s", @"\S", ".", @"\b", "(?=a)", "(?!b)", "(?:a|bb)", "$"];
        string[] counts = ["", "", "", "?", "*", "+", "{2}", "{1,2}", "*?", "+?"];
        for (int seed = 0; seed < 4000; seed++)
        {
            Random random = new(seed);
            string pattern = Make(random, depth: 2);
            string text = string.Concat(Enumerable.Range(0, random.Next(0, 12)).Select(_ => "aab b "[random.Next(6)]));
            CodePointPattern compiled = new(pattern);
            PatternMatcher matcher = new();
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            matcher.Begin(compiled, utf8.Length);
            var oracle = new System.Text.RegularExpressions.Regex(@"\G(?:" + pattern + ")");
            // One matcher for all starts: what it remembers of one must not harm the next.
            for (int start = 0; start <= text.Length; start++)
            {
                var match = oracle.Match(text, start);
                int expected = match.Success ? match.Index + match.Length : -1;
                Assert.AreEqual(expected, matcher.Match(utf8, start), $"seed {seed}: {pattern} on '{text}' at {start}");
            }
        }

        string Make(Random random, int depth)
        {
            StringBuilder result = new();
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                string atom = atoms[random.Next(atoms.Length)];
                bool group = depth > 0 && random.Next(3) == 0;
                // Engines differ on rounds of a loop that match nothing; each way of a group takes one character.
                if (group) atom = $"(?:.{Make(random, depth - 1)}|[ab]{Make(random, depth - 1)})";
                string count = atom[0] is '$' || atom is @"\b" or "(?=a)" or "(?!b)" ? "" : counts[random.Next(10)];
                result.Append(atom).Append(count);
            }

            return result.ToString();
        }
    }

    /// <summary>Texts on which a plain backtracking engine needs quadratic time (minutes to days).</summary>
    [TestMethod]
    public void HostileTextTakesLinearTime()
    {
        const int size = 1 << 20;
        (string Name, string Text)[] texts =
        [
            ("spaces", new string(' ', size)),
            ("spaces and a letter", new string(' ', size) + "x"),
            ("line breaks between spaces", string.Concat(Enumerable.Repeat("  \n ", size / 4)) + "x"),
            ("lower case", new string('a', size)),
            ("upper case", new string('A', size)),
            ("mixed case", string.Concat(Enumerable.Repeat("aB", size / 2))),
            ("digits", new string('7', size)),
            ("Han", new string('日', size / 3)),
            ("words", string.Concat(Enumerable.Repeat("ab ", size / 3))),
            ("marks", new string('\u0301', size / 2)),
            ("punctuation", new string('!', size)),
            ("quotes", new string('\'', size)),
        ];
        PatternMatcher matcher = new();
        IntList ends = default, spare = default;
        foreach (string name in PreTokenizerRules.Names)
        {
            PreTokenizer preTokenizer = PreTokenizer.Create(name);
            foreach ((string textName, string text) in texts)
            {
                // Aliases share their patterns; the first of each family is enough.
                if (!IsFirstOfItsFamily(name)) continue;
                byte[] utf8 = Encoding.UTF8.GetBytes(text);
                Stopwatch watch = Stopwatch.StartNew();
                preTokenizer.Split(utf8, matcher, ref ends, ref spare);
                Assert.AreEqual(utf8.Length, ends[ends.Count - 1]);
                Assert.IsLessThan(2.0, watch.Elapsed.TotalSeconds, $"{name} on {textName}");
            }
        }
    }

    private static bool IsFirstOfItsFamily(string name)
    {
        foreach (string other in PreTokenizerRules.Names)
        {
            if (other == name) return true;
            PreTokenizerRules.TryFind(other, out PreTokenizerRule? left);
            PreTokenizerRules.TryFind(name, out PreTokenizerRule? right);
            if (left!.Patterns.AsSpan().SequenceEqual(right!.Patterns)) return false;
        }

        return true;
    }
}
