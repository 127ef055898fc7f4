using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Engine.Reports;

/// <summary>What the figures belong to.</summary>
internal static partial class Machine
{
    /// <summary>Features that decide about kernels, here or in the peer, as <c>/proc/cpuinfo</c> spells them.</summary>
    private static readonly string[] Features =
    [
        "avx2", "fma", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16", "amx_int8", "asimd",
        "asimddp", "i8mm", "sve",
    ];

    /// <summary>Processor, system, date and command, one line each.</summary>
    /// <param name="command">The command line of this measurement.</param>
    /// <param name="now">Time of measurement.</param>
    public static IReadOnlyList<string> Describe(IReadOnlyList<string> command, DateTimeOffset now) =>
        [.. Describe(), $"measured {Minute(now)} UTC", CommandLine(command)];

    /// <summary>Processor and system, one line each.</summary>
    public static IReadOnlyList<string> Describe()
    {
        string information = File.Exists("/proc/cpuinfo") ? File.ReadAllText("/proc/cpuinfo") : "";
        string processor = Field(information, "model name") is { Length: > 0 } name ? name : "unknown processor";
        string[] flags = Field(information, "(flags|Features)").Split(' ');
        return
        [
            $"{processor} (family {Field(information, "cpu family")}, model {Field(information, "model")}), "
                + $"{Environment.ProcessorCount} logical processors, {RuntimeInformation.OSArchitecture}",
            "features: " + string.Join(", ", Features.Where(flags.Contains)),
            $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}",
        ];
    }

    /// <summary>What was called, for a reader who has other folders.</summary>
    public static string CommandLine(IReadOnlyList<string> command) =>
        "command: `" + WithoutFolders(string.Join(' ', command.Select(Quoted))) + "`";

    /// <summary>A time of measurement, to the minute.</summary>
    public static string Minute(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>Absolute paths say nothing to a reader: only the file's name stays.</summary>
    internal static string WithoutFolders(string command) => AbsoluteFolder().Replace(command, "");

    private static string Quoted(string argument) =>
        argument.Contains(' ', StringComparison.Ordinal) ? $"\"{argument}\"" : argument;

    private static string Field(string information, string name)
    {
        Match match = Regex.Match(information, $@"^{name}\s*:\s*(?<value>.*)$", RegexOptions.Multiline);
        return match.Groups["value"].Value.Trim();
    }

    [GeneratedRegex(@"(?<=^|[\s=""])/(?:[^\s=,""/]+/)*")]
    private static partial Regex AbsoluteFolder();
}
