using System.Buffers;
using System.CommandLine;
using System.Text;
using Engine.Gguf;
using Engine.Text;

namespace Engine.Cli.Commands;

/// <summary><c>engine tokenize</c>: the tokens of a text.</summary>
internal sealed class TokenizeCommand
{
    private readonly ICliConsole console;
    private readonly Argument<string> model = CliOptions.Model();
    private readonly Option<string?> text = CliOptions.Text("--text", "TEXT", "The text");
    private readonly Option<string?> file = CliOptions.Text("--file", "FILE", "File with the text, as it stands", "-f");
    private readonly Option<bool> split = CliOptions.Flag("--split", "Show the pieces before merging too");
    private readonly Option<string?> preTokenizer = CliOptions.Text("--pre-tokenizer", "NAME",
        "Pre-tokenizer in place of the model's");

    private readonly Option<bool> noSpecial = CliOptions.Flag("--no-special",
        "Add no BOS or EOS and recognise no special tokens in the text");

    private readonly Option<bool> json = CliOptions.Json();

    private TokenizeCommand(ICliConsole console) => this.console = console;

    public static Command Create(ICliConsole console)
    {
        var self = new TokenizeCommand(console);
        var command = new CliCommand("tokenize", "Shows the tokens of a text: ids, and with --json or --split more.",
            "engine tokenize my-model.gguf --text \"Hello world\"",
            "engine tokenize my-model.gguf --file book.txt --json",
            "engine tokenize my-model.gguf --text \"It's 1234 o'clock\" --split --pre-tokenizer llama-bpe")
        {
            self.model, self.text, self.file, self.split, self.preTokenizer, self.noSpecial, self.json,
        };
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        byte[] utf8 = ReadText(result);
        using GgufFile gguf = GgufFile.Open(InputFiles.Existing(result.GetRequiredValue(model)));
        Tokenizer tokenizer = ModelText.ReadTokenizer(gguf.Metadata, result.GetValue(preTokenizer));
        bool special = !result.GetValue(noSpecial);
        var tokens = new ArrayBufferWriter<int>();
        tokenizer.Encode(utf8, tokens, addSpecial: special, parseSpecial: special);
        int[] ids = tokens.WrittenSpan.ToArray();
        IReadOnlyList<string>? pieces = result.GetValue(split)
            ? tokenizer.Split(Encoding.UTF8.GetString(utf8), parseSpecial: special) : null;
        if (result.GetValue(json)) WriteJson(tokenizer, ids, pieces);
        else WriteText(ids, pieces);
        return ExitCodes.Done;
    }

    private byte[] ReadText(ParseResult result)
    {
        string? given = result.GetValue(text);
        string? path = result.GetValue(file);
        if (given is null == path is null) throw new UsageException("give the text by --text TEXT or --file FILE");
        return given is not null ? Encoding.UTF8.GetBytes(given) : InputFiles.ReadBytes(path!);
    }

    private void WriteJson(Tokenizer tokenizer, int[] ids, IReadOnlyList<string>? splits) =>
        JsonResult.Write(console, writer =>
        {
            JsonResult.Numbers(writer, "tokens", ids);
            JsonResult.Texts(writer, "pieces", ids.Select(tokenizer.GetPiece));
            if (splits is not null) JsonResult.Texts(writer, "splits", splits);
        });

    private void WriteText(int[] ids, IReadOnlyList<string>? splits)
    {
        console.Output.WriteLine(string.Join(' ', ids));
        if (splits is null) return;
        foreach (string piece in splits) console.Output.WriteLine(JsonResult.Quote(piece));
    }
}
