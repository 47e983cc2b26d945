// Shows a notebook's outputs as JupyterLab does. The test bundles this into a page together with the outputs, in window.outputs.
import { OutputModel, RenderMimeRegistry, standardRendererFactories } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';

const registry = new RenderMimeRegistry({ initialFactories: standardRendererFactories });

async function show(value) {
  const model = new OutputModel({ value, trusted: true });
  const mimeType = registry.preferredMimeType(model.data, 'any');
  if (!mimeType) throw new Error('JupyterLab shows nothing of ' + Object.keys(value.data ?? {}));
  const renderer = registry.createRenderer(mimeType);
  renderer.node.dataset.mimeType = mimeType;
  Widget.attach(renderer, document.body);
  await renderer.renderModel(model);
}

window.rendered = (async () => {
  for (const output of window.outputs) await show(output);
})();
