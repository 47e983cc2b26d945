using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Kernel.Jupyter;

// Nothing has used the console or started a process yet, which would be too late.
if (args is ["jupyter", JupyterCommand.KernelName, ..]) InterruptSignal.Allow();
// Not returned from here: threads that a notebook's cells have started may not end, and must not keep the process.
Environment.Exit(await QuantnbCommand.InvokeAsync(args));
