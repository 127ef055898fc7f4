using BenchmarkDotNet.Running;
using Engine.Bench;

if (args is ["--layer-errors" or "--layer-crossover", ..]) return LayerCommands.Run(args);

(BenchmarkConfig config, string[] rest) = BenchmarkConfig.Parse(args);
BenchmarkSwitcher.FromAssembly(typeof(BenchmarkConfig).Assembly).Run(rest, config);
return 0;
