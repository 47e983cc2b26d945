// Shows a notebook's outputs as JupyterLab does. The test bundles this into a page together with the outputs, in window.outputs, and in window.trusted
// whether they are of a notebook that its reader trusts.
import { OutputModel, RenderMimeRegistry, standardRendererFactories } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';

const registry = new RenderMimeRegistry({ initialFactories: standardRendererFactories });

// A notebook file holds text as lists of lines, which JupyterLab joins when it opens the file.
const joined = (text) => (Array.isArray(text) ? text.join('') : text);

async function show(output) {
  const value = { ...output };
  if (value.text) value.text = joined(value.text);
  if (value.data) value.data = Object.fromEntries(Object.entries(value.data).map(([type, content]) => [type, joined(content)]));
  const model = new OutputModel({ value, trusted: window.trusted });
  const mimeType = registry.preferredMimeType(model.data, window.trusted ? 'any' : 'ensure');
  if (!mimeType) throw new Error('JupyterLab shows nothing of ' + Object.keys(value.data ?? {}));
  const renderer = registry.createRenderer(mimeType);
  renderer.node.dataset.mimeType = mimeType;
  Widget.attach(renderer, document.body);
  await renderer.renderModel(model);
}

window.rendered = (async () => {
  for (const output of window.outputs) await show(output);
})();
