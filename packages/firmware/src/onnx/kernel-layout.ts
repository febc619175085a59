import type { IntegerWeightedOp } from '@bitkiln/core';

/** A kernel in ONNX's order: output channels, input channels (of a group), rows, columns. */
export interface OnnxKernel {
  readonly values: Int32Array;
  readonly dims: readonly [number, number, number, number];
  readonly groups: number;
}

/** A dense layer is a convolution whose kernel covers its whole map. */
export function onnxKernel(op: IntegerWeightedOp): OnnxKernel {
  const { kernel, input, output } = op;
  const [rows, cols] = op.kind === 'dense' ? [input.rows, input.cols] : [op.kernelRows, op.kernelCols];
  const depthwise = op.kind === 'depthwise';
  const inputs = depthwise ? 1 : input.channels;
  const outputs = output.channels;
  const values = new Int32Array(kernel.length);
  // The parameter vector runs over rows, columns, inputs, outputs; a depthwise kernel over rows, columns, outputs.
  let from = 0;
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      for (let i = 0; i < inputs; i++) {
        for (let o = 0; o < outputs; o++) {
          values[((o * inputs + i) * rows + row) * cols + col] = kernel[from++]!;
        }
      }
    }
  }
  return { values, dims: [outputs, inputs, rows, cols], groups: depthwise ? input.channels : 1 };
}
