using BenchmarkDotNet.Running;

BenchmarkSwitcher.FromAssembly(typeof(Engine.Bench.AttentionBenchmarks).Assembly).Run(args);
