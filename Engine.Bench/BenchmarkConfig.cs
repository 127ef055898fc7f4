using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Toolchains.NativeAot;
using Engine.Isa;

namespace Engine.Bench;

/// <summary>One job for each instruction set, reached as a user would reach it: by switching the runtime, in a process
/// of its own, so that the whole of the code has it, and not the kernels alone.</summary>
/// <remarks><c>--sets NAME,NAME</c> chooses: names of instruction sets, <c>aot-v3</c> and <c>aot-v4</c> (native
/// builds), or <c>all</c>; without it, every instruction set under the just-in-time compiler. What does not work here
/// is skipped with a line that says so.
/// <c>--job short</c> and <c>--job dry</c> hold for all of them; the other arguments are BenchmarkDotNet's.</remarks>
internal sealed class BenchmarkConfig : ManualConfig
{
    private static readonly (string Name, InstructionSet Isa, string[] Off)[] Managed =
    [
        ("avx512-vnni", InstructionSet.Avx512Vnni, []),
        ("avx512", InstructionSet.Avx512, ["EnableAVXVNNI"]),
        ("avx2-vnni", InstructionSet.Avx2Vnni, ["EnableAVX512"]),
        ("avx2", InstructionSet.Avx2, ["EnableAVX512", "EnableAVXVNNI"]),
        ("neon-dotprod", InstructionSet.NeonDotProd, []),
        ("neon", InstructionSet.Neon, ["EnableArm64Dp"]),
        ("scalar", InstructionSet.Scalar, ["EnableHWIntrinsic"]),
    ];

    /// <summary>Names, what the compiler may use, and the best instruction sets with that, better first.</summary>
    private static readonly (string Name, string Level, InstructionSet[] Best)[] Native =
    [
        ("aot-v3", "x86-64-v3", [InstructionSet.Avx2Vnni, InstructionSet.Avx2]),
        ("aot-v4", "x86-64-v4", [InstructionSet.Avx512Vnni, InstructionSet.Avx512]),
    ];

    private BenchmarkConfig(IReadOnlyList<string> sets, Job basis)
    {
        AddLogger(ConsoleLogger.Default);
        AddExporter(MarkdownExporter.GitHub);
        AddColumnProvider(DefaultColumnProviders.Instance);
        AddColumn(new RateColumn("GB/s", work => work.Bytes), new RateColumn("GMAC/s", work => work.MultiplyAdds));
        AddDiagnoser(MemoryDiagnoser.Default);
        HideColumns(Column.EnvironmentVariables, Column.Toolchain, Column.Runtime);
        Options |= ConfigOptions.JoinSummary;
        // A native build compiles BenchmarkDotNet as well: five minutes of one core (Zen 4).
        BuildTimeout = TimeSpan.FromMinutes(20);
        foreach (string set in sets) AddJob(JobOf(set, basis));
    }

    /// <summary>Takes the own arguments out.</summary>
    /// <param name="arguments">All arguments.</param>
    /// <param name="skipped">Is told, a line each, which jobs there are not, and why.</param>
    /// <exception cref="ArgumentException">An unknown set or job.</exception>
    public static (BenchmarkConfig Config, string[] Others) Parse(IEnumerable<string> arguments, Action<string> skipped)
    {
        List<string> rest = [.. arguments];
        string[] managed = [.. Managed.Select(set => set.Name)], native = [.. Native.Select(build => build.Name)];
        string[] known = [.. managed, .. native];
        string[] asked = Take(rest, "--sets") switch
        {
            null => managed,
            "all" => known,
            string names => names.Split(','),
        };
        if (asked.FirstOrDefault(set => !known.Contains(set)) is { } unknown)
            throw new ArgumentException($"--sets {unknown}: expected all, or some of {string.Join(',', known)}");
        string[] sets = [.. asked.Where(CanRun)];
        string here = $"this machine and runtime have {InstructionSets.SupportedNames}";
        if (asked.Except(sets).ToArray() is { Length: > 0 } absent)
            skipped($"skipped: {string.Join(", ", absent)} ({here})");
        Job basis = Take(rest, "--job") switch
        {
            null or "default" => Job.Default,
            "short" => Job.ShortRun,
            "dry" => Job.Dry,
            string name => throw new ArgumentException($"--job {name}: expected default, short or dry"),
        };
        return (new BenchmarkConfig(sets, basis), [.. rest]);
    }

    private static bool CanRun(string set) =>
        Managed.Any(one => one.Name == set && InstructionSets.IsSupported(one.Isa))
        || Native.Any(build => build.Name == set && build.Best.Any(InstructionSets.IsSupported));

    private static string? Take(List<string> arguments, string name)
    {
        int at = arguments.IndexOf(name);
        if (at < 0 || at + 1 == arguments.Count) return null;
        string value = arguments[at + 1];
        arguments.RemoveRange(at, 2);
        return value;
    }

    private static Job JobOf(string set, Job basis)
    {
        foreach ((string name, InstructionSet isa, string[] off) in Managed)
        {
            if (name != set) continue;
            EnvironmentVariable[] switches = [.. off.Select(what => new EnvironmentVariable($"DOTNET_{what}", "0"))];
            return basis.WithEnvironmentVariables([.. switches, Expects(isa)]).WithId(name);
        }

        // No version of the compiler is named: the package then is the SDK's own, as for every other publish here.
        // Naming one would add a package reference with a version, which central package management refuses.
        var build = Native.Single(build => build.Name == set);
        return basis.WithId(set)
            .WithToolchain(NativeAotToolchain.CreateBuilder()
                .UseNuGet()
                .IlcOptimizationPreference("Speed")
                .IlcInstructionSet(build.Level)
                .TargetFrameworkMoniker("net10.0")
                .ToToolchain())
            .WithEnvironmentVariables(Expects(build.Best.First(InstructionSets.IsSupported)));
    }

    private static EnvironmentVariable Expects(InstructionSet isa) =>
        new(Claim.Variable, InstructionSets.NameOf(isa));
}
