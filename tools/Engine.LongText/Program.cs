using Engine.LongText;

return LongTextCommand.Create().Parse(args).Invoke();
