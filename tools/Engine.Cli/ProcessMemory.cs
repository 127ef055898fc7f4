using System.Diagnostics;

namespace Engine.Cli;

/// <summary>Memory of this process as the system counts it.</summary>
internal static class ProcessMemory
{
    /// <summary>Most bytes that were resident at once: private memory and the pages of mapped files, the weights among
    /// them. On Linux <c>VmHWM</c> of <c>/proc/self/status</c>; 0 where the system does not tell.</summary>
    public static long PeakResidentBytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
