using System.Text.Json;

namespace Engine;

/// <summary>The file of a calibration: JSON, a few thousand numbers.</summary>
public sealed partial class AttentionCalibration
{
    private const int Version = 1;

    /// <summary>Where a model's calibration lies: beside it, with this added to its name.</summary>
    public const string FileSuffix = ".attention.json";

    /// <summary>Writes the file: completely or not at all.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string temporary = path + ".tmp";
        try
        {
            using (FileStream file = File.Create(temporary))
            {
                using (var writer = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true })) Write(writer);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of another version or kind.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static AttentionCalibration Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            return Read(json.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidDataException or KeyNotFoundException
            or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{path}: not a calibration of attention: {error.Message}", error);
        }
    }

    /// <summary>Throws unless a file is the model that was measured.</summary>
    /// <exception cref="InvalidDataException">It is another model; the message says what differs.</exception>
    public void CheckModel(string modelPath)
    {
        long bytes = new FileInfo(modelPath).Length;
        if (bytes != ModelBytes)
            throw new InvalidDataException(
                $"the calibration is of {ModelName} with {ModelBytes} bytes, but {modelPath} has {bytes}");
        if (HashOf(modelPath) != ModelHash)
            throw new InvalidDataException($"the calibration is of {ModelName} with another content than {modelPath}");
    }

    private void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", "engine attention calibration");
        writer.WriteNumber("version", Version);
        writer.WriteString("model", ModelName);
        writer.WriteNumber("model_bytes", ModelBytes);
        writer.WriteString("model_sha256_ends", ModelHash);
        writer.WriteStartArray("lengths");
        foreach (int length in lengths) writer.WriteNumberValue(length);
        writer.WriteEndArray();
        WriteTable(writer, "relative_error", errors);
        WriteTable(writer, "lse_error", logSumExpErrors);
        writer.WriteEndObject();
    }

    private static void WriteTable(Utf8JsonWriter writer, string name, double[][][] table)
    {
        writer.WriteStartArray(name);
        foreach (double[][] range in table)
        {
            writer.WriteStartArray();
            foreach (double[] layer in range)
            {
                writer.WriteStartArray();
                foreach (double value in layer)
                {
                    // JSON has no NaN: what was not measured is null.
                    if (double.IsFinite(value)) writer.WriteNumberValue(Math.Round(value, 6));
                    else writer.WriteNullValue();
                }

                writer.WriteEndArray();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    private static AttentionCalibration Read(JsonElement json)
    {
        if (json.GetProperty("kind").GetString() != "engine attention calibration")
            throw new InvalidDataException("another kind of file");
        int version = json.GetProperty("version").GetInt32();
        if (version != Version) throw new InvalidDataException($"version {version}; this engine reads {Version}");
        int[] lengths = [.. json.GetProperty("lengths").EnumerateArray().Select(length => length.GetInt32())];
        double[][][] errors = ReadTable(json, "relative_error"), sums = ReadTable(json, "lse_error");
        if (lengths.Length == 0 || errors.Length != lengths.Length || sums.Length != lengths.Length)
            throw new InvalidDataException("not as many tables as lengths");
        for (int range = 0; range < lengths.Length; range++)
            if (!SameShape(errors[0], errors[range]) || !SameShape(errors[0], sums[range]))
                throw new InvalidDataException("tables of different shapes");
        return new AttentionCalibration(json.GetProperty("model").GetString() ?? "",
            json.GetProperty("model_bytes").GetInt64(), json.GetProperty("model_sha256_ends").GetString() ?? "",
            lengths, errors, sums);
    }

    private static bool SameShape(double[][] a, double[][] b)
    {
        if (a.Length != b.Length || a.Length == 0) return false;
        for (int layer = 0; layer < a.Length; layer++)
            if (a[layer].Length != b[layer].Length) return false;
        return true;
    }

    private static double[][][] ReadTable(JsonElement json, string name) =>
    [
        .. json.GetProperty(name).EnumerateArray().Select(range => range.EnumerateArray()
            .Select(layer => layer.EnumerateArray().Select(NumberOrNaN).ToArray()).ToArray()),
    ];

    private static double NumberOrNaN(JsonElement value) =>
        value.ValueKind == JsonValueKind.Null ? double.NaN : value.GetDouble();
}
