using System.Globalization;

namespace Engine.Text.Templates;

/// <summary>C's <c>strftime</c> in the C locale, with glibc's flags for padding and case.</summary>
internal static class StrFTime
{
    public static string Format(Interpreter context, string format, DateTime time)
    {
        TextBuffer text = new(context.Budget);
        Write(text, format, time);
        return text.ToString();
    }

    private static void Write(TextBuffer text, string format, DateTime time)
    {
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            int start = i++;
            char flag = (format[i] is '-' or '_' or '0' or '^' or '#') && i + 1 < format.Length ? format[i++] : '\0';
            if (Composite(format[i]) is { } composite)
            {
                Write(text, composite, time);
                continue;
            }

            string? field = Field(format[i], flag, time);
            if (field is null) text.Append(format.AsSpan(start, i + 1 - start));
            else text.Append(flag == '^' ? field.ToUpperInvariant() : field);
        }
    }

    private static string? Composite(char c) => c switch
    {
        'c' => "%a %b %e %H:%M:%S %Y",
        'x' or 'D' => "%m/%d/%y",
        'X' or 'T' => "%H:%M:%S",
        'F' => "%Y-%m-%d",
        'R' => "%H:%M",
        'r' => "%I:%M:%S %p",
        _ => null,
    };

    private static string? Field(char c, char flag, DateTime time) => c switch
    {
        'a' => Culture.GetAbbreviatedDayName(time.DayOfWeek),
        'A' => Culture.GetDayName(time.DayOfWeek),
        'b' or 'h' => Culture.GetAbbreviatedMonthName(time.Month),
        'B' => Culture.GetMonthName(time.Month),
        'p' => flag == '#' ? (time.Hour < 12 ? "am" : "pm") : time.Hour < 12 ? "AM" : "PM",
        'P' => time.Hour < 12 ? "am" : "pm",
        'd' => Number(time.Day, 2, '0', flag),
        'e' => Number(time.Day, 2, ' ', flag),
        'm' => Number(time.Month, 2, '0', flag),
        'y' => Number(time.Year % 100, 2, '0', flag),
        'Y' => Number(time.Year, 1, '0', flag),
        'C' => Number(time.Year / 100, 2, '0', flag),
        'H' => Number(time.Hour, 2, '0', flag),
        'k' => Number(time.Hour, 2, ' ', flag),
        'I' => Number(((time.Hour + 11) % 12) + 1, 2, '0', flag),
        'l' => Number(((time.Hour + 11) % 12) + 1, 2, ' ', flag),
        'M' => Number(time.Minute, 2, '0', flag),
        'S' => Number(time.Second, 2, '0', flag),
        'f' => Number(time.Ticks % TimeSpan.TicksPerSecond / 10, 6, '0', flag),
        'j' => Number(time.DayOfYear, 3, '0', flag),
        'u' => Number((((int)time.DayOfWeek + 6) % 7) + 1, 1, '0', flag),
        'w' => Number((int)time.DayOfWeek, 1, '0', flag),
        'U' => Number((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, 2, '0', flag),
        'W' => Number((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7, 2, '0', flag),
        'V' => Number(ISOWeek.GetWeekOfYear(time), 2, '0', flag),
        'G' => Number(ISOWeek.GetYear(time), 1, '0', flag),
        'g' => Number(ISOWeek.GetYear(time) % 100, 2, '0', flag),
        's' => Number((time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond, 1, '0', flag),
        'z' or 'Z' => "", // the clock is naive, as datetime.now() is
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        _ => null,
    };

    private static DateTimeFormatInfo Culture => CultureInfo.InvariantCulture.DateTimeFormat;

    private static string Number(long value, int width, char fill, char flag)
    {
        string digits = value.ToString(CultureInfo.InvariantCulture);
        fill = flag switch
        {
            '_' => ' ',
            '0' => '0',
            _ => fill,
        };
        return flag == '-' ? digits : digits.PadLeft(width, fill);
    }
}
