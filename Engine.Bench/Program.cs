using BenchmarkDotNet.Running;
using Engine.Bench;

(BenchmarkConfig config, string[] rest) = BenchmarkConfig.Parse(args);
BenchmarkSwitcher.FromAssembly(typeof(BenchmarkConfig).Assembly).Run(rest, config);
