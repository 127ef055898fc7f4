using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Parameters;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Engine.Bench;

/// <summary>Work per nanosecond.</summary>
/// <param name="name">Heading.</param>
/// <param name="part">What of the work counts.</param>
internal sealed class RateColumn(string name, Func<Work, double> part) : IColumn
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
        object instance = Activator.CreateInstance(benchmarkCase.Descriptor.Type)!;
        if (nanoseconds is null || instance is not IMeasuredWork measured) return "-";
        foreach (ParameterInstance parameter in benchmarkCase.Parameters.Items)
            instance.GetType().GetProperty(parameter.Name)?.SetValue(instance, parameter.Value);
        double work = part(measured.WorkOf(benchmarkCase.Descriptor.WorkloadMethod.Name));
        double rate = work / nanoseconds.Value;
        return work == 0 ? "-" : rate.ToString(rate < 1 ? "F3" : "F1", CultureInfo.InvariantCulture);
    }
}
