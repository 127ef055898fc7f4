using BenchmarkDotNet.Running;
using Engine.Bench;

if (args is ["--layer-errors"]) LayerErrors.Run(4096, 64);
else BenchmarkSwitcher.FromAssembly(typeof(AttentionBenchmarks).Assembly).Run(args);
