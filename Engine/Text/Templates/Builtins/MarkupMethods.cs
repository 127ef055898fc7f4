namespace Engine.Text.Templates;

/// <summary>What text marked by <c>safe</c> has besides the methods of strings.</summary>
internal static class MarkupMethods
{
    public static Builtin? Find(string name) => name switch
    {
        "striptags" => HtmlFilters.StripTags,
        "unescape" => static (context, subject, _) => new StringValue(Html.Unescape(context.Text(subject))),
        _ => null,
    };
}
