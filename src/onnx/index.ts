/** Backbones as standard ONNX models, which run without this package: in ONNX Runtime, in a browser. */
export { backboneToOnnx, type OnnxOptions } from './backbone.ts';
