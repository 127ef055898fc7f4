using Engine.Cli;

return CliApplication.Run(args, new SystemConsole());
