using QuantNotebooks.Kernel.CommandLine;

return await QuantnbCommand.InvokeAsync(args);
