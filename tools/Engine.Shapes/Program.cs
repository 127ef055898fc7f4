using System.CommandLine;
using System.Globalization;
using Engine.Shapes;

var shape = new Argument<string>("SHAPE") { Description = string.Join(", ", ModelShape.Named.Select(s => s.Name)) };
shape.AcceptOnlyFromAmong([.. ModelShape.Named.Select(s => s.Name)]);
var format = new Option<string>("--format", "-f")
{
    Description = string.Join(", ", TypeMix.Named.Select(mix => mix.Name)),
    DefaultValueFactory = _ => TypeMix.Named[0].Name,
};
format.AcceptOnlyFromAmong([.. TypeMix.Named.Select(mix => mix.Name)]);
var output = new Option<string?>("--output", "-o") { Description = "File [default: SHAPE-FORMAT.gguf]" };
var layers = new Option<int?>("--layers") { Description = "Fewer or more layers than the shape has" };
var vocabulary = new Option<int?>("--vocabulary") { Description = "Fewer or more tokens than the shape has" };
var sharing = new Option<int?>("--sharing-factor")
{
    Description = "Layers that share a cache, the first of them its owner (Cross-Layer Attention)",
};
var pure = new Option<bool>("--pure") { Description = "Every matrix in the format's main type, the head too" };
var seed = new Option<int>("--seed") { Description = "Start of the random sequence", DefaultValueFactory = _ => 1 };
var root = new RootCommand(
    "Writes a model of a known shape with random weights: as fast as the real one, without a download.")
{
    shape, format, output, layers, vocabulary, sharing, pure, seed,
};
root.SetAction(result =>
{
    ModelShape chosen = ModelShape.Get(result.GetRequiredValue(shape)).With(
        result.GetValue(layers), result.GetValue(vocabulary), result.GetValue(sharing));
    TypeMix mix = TypeMix.Get(result.GetRequiredValue(format));
    string path = result.GetValue(output)
        ?? string.Create(CultureInfo.InvariantCulture, $"{chosen.Name}-{mix.Name.ToLowerInvariant()}.gguf");
    new ShapeWriter(chosen, result.GetValue(pure) ? mix.Pure() : mix, result.GetValue(seed)).Save(path);
    Console.WriteLine($"{path}: {new FileInfo(path).Length:N0} bytes");
    return 0;
});
try
{
    return root.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine("Engine.Shapes: " + error.Message);
    return 1;
}
