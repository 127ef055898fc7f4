namespace Engine.Bench;

/// <summary>What one call of a benchmark does.</summary>
/// <param name="Bytes">Bytes that it reads and writes, each once.</param>
/// <param name="MultiplyAdds">Multiply-adds; 0 where they are not what it is about.</param>
internal readonly record struct Work(double Bytes, double MultiplyAdds);

/// <summary>Benchmarks that know their work, for the columns of rates.</summary>
internal interface IMeasuredWork
{
    /// <summary>Work of one call; the parameters' properties are set.</summary>
    Work WorkOf(string method);
}
