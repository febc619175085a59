import {
  classOf,
  compileIntegerNetwork,
  createIntegerEngine,
  elements,
  type Op,
  printLayer,
  readModelJson,
  type Shape,
} from '@bitkiln/core';

/** What the engine made of one image. */
export interface Answer {
  readonly told: number;
  readonly logits: readonly number[];
  /** The probabilities that the logits stand for. */
  readonly shares: readonly number[];
  readonly maps: readonly FeatureMap[];
  readonly microseconds: number;
}

/** The integers that one layer gave. */
export interface FeatureMap {
  readonly layer: string;
  readonly shape: Shape;
  readonly values: Int32Array;
}

export interface PreparedModel {
  readonly shape: Shape;
  readonly classes: number;
  readonly pixels: number;
  run(image: Uint8Array): Answer;
}

/** Reads a model file and compiles it to the integers and shifts that the device runs. */
export function prepareModel(json: string): PreparedModel {
  const model = readModelJson(json);
  const { input: shape, output, ops, layers } = model.program;
  const engine = createIntegerEngine(compileIntegerNetwork(model));
  const drawn = ops.flatMap((op, index) => (isDrawn(op) ? [{ op, index }] : []));
  return {
    shape,
    classes: output.channels,
    pixels: elements(shape),
    run(image) {
      const started = performance.now();
      const logits = [...engine.logits(image)];
      const microseconds = (performance.now() - started) * 1000;
      return {
        told: classOf(logits),
        logits,
        shares: softmax(logits.map((logit) => logit * engine.logitUnit)),
        microseconds,
        maps: drawn.map(({ op, index }) => ({
          layer: printLayer(layers[op.layer]!),
          shape: op.output,
          values: engine.activations[index]!.slice(),
        })),
      };
    },
  };
}

/** Only what has a height and a width makes a picture. */
function isDrawn(op: Op): boolean {
  return op.kind !== 'dropout' && op.output.rows > 1 && op.output.cols > 1;
}

function softmax(values: readonly number[]): number[] {
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
