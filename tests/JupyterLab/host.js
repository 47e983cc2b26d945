// Does with a kernel what JupyterLab does, by JupyterLab's own client: node host.js ADDRESS TOKEN KERNEL SCRIPT. The script is the body of a function, which
// knows what is handed to it below; what it returns is printed as JSON. Like a page that is opened again, a second run finds the session of the first.
import { KernelManager, KernelSpecManager, ServerConnection, SessionManager } from '@jupyterlab/services';

const [baseUrl, token, name, script] = process.argv.slice(2);
const path = 'lab.ipynb';
const patience = 120_000;

// The client's notes go where the result does not.
for (const level of ['debug', 'log', 'info']) console[level] = console.error;

const fail = (reason) => {
  console.error(reason);
  process.exit(1);
};
setTimeout(() => fail(`The script did not end within ${patience / 1000} seconds.`), patience);

// What a handler throws the client would keep to itself.
const aloud = (handler) => (message) => {
  try {
    handler(message);
  } catch (error) {
    fail(error);
  }
};

const serverSettings = ServerConnection.makeSettings({ baseUrl, token });
const specs = new KernelSpecManager({ serverSettings });
const sessions = new SessionManager({ kernelManager: new KernelManager({ serverSettings }), serverSettings });
await Promise.all([specs.ready, sessions.ready]);
const model = await sessions.findByPath(path);
const session = model ? sessions.connectTo({ model }) : await sessions.startNew({ name: path, path, type: 'notebook', kernel: { name } });
const { kernel } = session;
await kernel.info;

// Runs a cell and returns how it ended and what stands below it then. onOutputs is told at each change of that, and answer is what the user types where the cell asks.
async function run(code, { onOutputs, answer } = {}) {
  const outputs = [];
  const future = kernel.requestExecute({ code });
  future.onIOPub = aloud(({ header: { msg_type: type }, content }) => {
    if (type === 'status' || type === 'execute_input') return;
    if (type === 'update_display_data') outputs.find((output) => output.transient?.display_id === content.transient.display_id).data = content.data;
    else outputs.push({ type, ...content });
    onOutputs?.(outputs);
  });
  future.onStdin = (request) => kernel.sendInputReply({ status: 'ok', value: answer }, request.parent_header);
  const { content } = await future.done;
  return { status: content.status, count: content.execution_count, outputs };
}

const AsyncFunction = run.constructor;
const seen = await new AsyncFunction('specs', 'sessions', 'session', 'kernel', 'run', script)(specs, sessions, session, kernel, run);
process.stdout.write(JSON.stringify(seen), () => process.exit(0));
