using BenchmarkDotNet.Running;
using Engine.Bench;

if (args is ["--layer-errors"])
{
    LayerErrors.Run(4096, 64);
    return;
}

(BenchmarkConfig config, string[] rest) = BenchmarkConfig.Parse(args);
BenchmarkSwitcher.FromAssembly(typeof(BenchmarkConfig).Assembly).Run(rest, config);
