using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Engine.Bench;

if (args is ["--layer-errors" or "--layer-crossover", ..]) return LayerCommands.Run(args);

BenchmarkConfig config;
string[] rest;
try
{
    (config, rest) = BenchmarkConfig.Parse(args, Console.Error.WriteLine);
}
catch (ArgumentException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}

if (!config.GetJobs().Any())
{
    Console.Error.WriteLine("nothing is left to measure");
    return 1;
}

Summary[] summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(BenchmarkConfig).Assembly).Run(rest, config)];
// A job that did not build, or that refused to measure what it was not asked for, is a line of NA in the table.
bool failed = summaries.Any(summary => summary.HasCriticalValidationErrors
    || summary.Reports.Any(report => !report.Success || report.ResultStatistics is null));
bool asks = rest.Any(argument => argument is "--list" or "--help" or "--info" or "--version");
bool nothing = summaries.Length == 0 && !asks;
return failed || nothing ? 1 : 0;
