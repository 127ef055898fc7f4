using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Engine.Formats;

namespace Engine.Bench;

/// <summary>Work per nanosecond of a linear benchmark.</summary>
/// <param name="name">Heading.</param>
/// <param name="work">Units of work for a format and a number of tokens.</param>
internal sealed class RateColumn(string name, Func<WeightType, int, double> work) : IColumn
{
    public string Id => name;

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => $"{name}, by the mean time";

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        GetValue(summary, benchmarkCase);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        double? nanoseconds = summary[benchmarkCase]?.ResultStatistics?.Mean;
        if (nanoseconds is null) return "-";
        var type = (WeightType)benchmarkCase.Parameters[nameof(LinearBenchmarks.Type)];
        int tokens = (int)benchmarkCase.Parameters[nameof(LinearBenchmarks.Tokens)];
        return (work(type, tokens) / nanoseconds.Value).ToString("F1", CultureInfo.InvariantCulture);
    }
}
