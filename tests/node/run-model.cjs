// node run-model.cjs NODE_MODULES MODEL.onnx INPUT.bin SHAPE OUTPUT.bin: runs a network in onnxruntime-node.
// INPUT and OUTPUT are float32 values; SHAPE is the input's, such as 16,1,32,32; the first output is written.
const fs = require('node:fs');
const path = require('node:path');
const [nodeModules, model, input, shape, output] = process.argv.slice(2);
const ort = require(path.join(nodeModules, 'onnxruntime-node'));

(async () => {
  const session = await ort.InferenceSession.create(model);
  const bytes = fs.readFileSync(input);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const tensor = new ort.Tensor('float32', values, shape.split(',').map(Number));
  const results = await session.run({ [session.inputNames[0]]: tensor });
  const { data } = results[session.outputNames[0]];
  fs.writeFileSync(output, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
})().catch(error => { console.error(error.message); process.exit(1); });
