using System.Globalization;

namespace Engine.Threading;

/// <summary>How many threads a computation should have.</summary>
internal static class Processors
{
    /// <summary>Physical cores that this process may use; on hybrid processors the fast ones, where the system tells.
    /// </summary>
    /// <remarks>Two threads on one core share its vector units and its path to memory: nothing is gained.</remarks>
    public static int DefaultThreads { get; } = Math.Clamp(CountCores(), 1, Environment.ProcessorCount);

    private static int CountCores()
    {
        int logical = Environment.ProcessorCount;
        if (!OperatingSystem.IsLinux()) return OperatingSystem.IsWindows() && logical > 4 ? logical / 2 : logical;
        try
        {
            return CountLinuxCores("/sys/devices/system/cpu", logical);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException)
        {
            return logical;
        }
    }

    /// <summary>Distinct sibling sets, those of the highest capacity only (Arm big.LITTLE and hybrid x86 report it).
    /// </summary>
    private static int CountLinuxCores(string root, int logical)
    {
        var siblings = new Dictionary<string, long>();
        for (int cpu = 0; cpu < 4096; cpu++)
        {
            string folder = Path.Combine(root, "cpu" + cpu.ToString(CultureInfo.InvariantCulture));
            if (!Directory.Exists(folder)) break;
            string list = Path.Combine(folder, "topology", "thread_siblings_list");
            if (!File.Exists(list)) continue;
            string capacity = Path.Combine(folder, "cpu_capacity");
            long value = File.Exists(capacity)
                ? long.Parse(File.ReadAllText(capacity), CultureInfo.InvariantCulture) : 0;
            siblings[File.ReadAllText(list).Trim()] = value;
        }

        if (siblings.Count == 0) return logical;
        long best = siblings.Values.Max();
        return siblings.Values.Count(value => value == best);
    }
}
