import {
  bitsAt,
  calibrate,
  elements,
  type Layer,
  type LayerCode,
  lowerNetwork,
  type Program,
  type Shape,
  type Stream,
  substream,
  uniformAt,
} from '@bitkiln/core';
import fc from 'fast-check';

/** A small network with quantized parameters that suit it, and images to run it on. */
export interface RandomNetwork {
  readonly program: Program;
  readonly parameters: Float32Array;
  /** Images one after the other. */
  readonly images: Uint8Array;
  readonly imageCount: number;
}

const imageCount = 4;
const most = { elements: 600, channels: 12 } as const;
const codes = ['A', 'C', 'CN', 'T', 'DSC', 'R', 'M', 'F', 'D', 'N', 'Q'] as const;

/** What a layer is made of; the shape that it meets decides which of the choices are open. */
const layerChoice = fc.record({
  code: fc.constantFrom<LayerCode>(...codes),
  sizes: fc.tuple(fc.nat(40), fc.nat(40), fc.nat(40), fc.nat(40)),
  weightBits: fc.integer({ min: 1, max: 8 }),
  biasBits: fc.integer({ min: 1, max: 16 }),
  activationBits: fc.integer({ min: 1, max: 10 }),
});
type LayerChoice = typeof layerChoice extends fc.Arbitrary<infer T> ? T : never;

/** Every layer code, up to six layers and S, every bit width of the language that is worth running. */
export const randomNetworks: fc.Arbitrary<RandomNetwork> = fc
  .record({
    input: fc.record({
      rows: fc.integer({ min: 2, max: 9 }),
      cols: fc.integer({ min: 2, max: 9 }),
      channels: fc.integer({ min: 1, max: 3 }),
    }),
    choices: fc.array(layerChoice, { maxLength: 6 }),
    logits: layerChoice,
    /** How far log2 thresholds stray from calibrated ones. */
    spread: fc.constantFrom(0, 1, 4, 10),
    seed: fc.integer({ min: 0, max: 2 ** 30 }),
  })
  .map(({ input, choices, logits, spread, seed }) => {
    const program = lowerNetwork([...buildLayers(input, choices), logitsLayer(logits)], input);
    const stream: Stream = { key0: seed, key1: 0 };
    const images = randomImages(elements(input), substream(stream, 0));
    return { program, images, imageCount, parameters: randomParameters(program, images, spread, stream) };
  });

function buildLayers(input: Shape, choices: readonly LayerChoice[]): Layer[] {
  const layers: Layer[] = [];
  let shape = input;
  let bits = 8;
  for (const choice of choices) {
    const layer = buildLayer(choice, shape, bits);
    const next = outputOf([...layers, layer], input);
    if (elements(next) > most.elements || next.channels > most.channels) continue;
    layers.push(layer);
    shape = next;
    bits = layer.activationBits;
  }
  return layers;
}

function outputOf(layers: readonly Layer[], input: Shape): Shape {
  const logits: Layer = { code: 'S', units: 1, weightBits: 1, biasBits: 1, activationBits: 1 };
  return lowerNetwork([...layers, logits], input).ops.at(-1)!.input;
}

function buildLayer(choice: LayerChoice, { rows, cols }: Shape, inputBits: number): Layer {
  const { code, sizes, weightBits, biasBits, activationBits } = choice;
  const [first, second, third, fourth] = sizes;
  const bits = { weightBits, biasBits, activationBits };
  const window = {
    kernelRows: 1 + (first % Math.min(3, rows)),
    kernelCols: 1 + (second % Math.min(3, cols)),
    strideRows: 1 + (third % 2),
    strideCols: 1 + (fourth % 2),
  };
  const pools = [1, 2, 3, 4].filter((pool) => rows % pool === 0 && cols % pool === 0);
  const pool = pools[first % pools.length]!;
  switch (code) {
    case 'A':
      return { code, pool, activationBits };
    case 'M':
      return { code, pool, activationBits: inputBits };
    case 'D':
      return { code, rate: (first % 10) / 10, activationBits: inputBits };
    case 'N':
      return { code, stddev: (first % 5) / 8, activationBits };
    case 'Q':
      return { code, activationBits };
    case 'R':
      return { code, ...bits };
    case 'F':
    case 'S':
      return { code, units: 1 + (first % 9), ...bits };
    case 'T':
      return { code, multiplier: 1 + (second % 3), ...window, ...bits };
    default:
      return { code, filters: 1 + (third % 7), ...window, ...bits };
  }
}

function logitsLayer(choice: LayerChoice): Layer {
  const layer = buildLayer({ ...choice, code: 'S' }, { rows: 1, cols: 1, channels: 1 }, 8);
  return layer;
}

/** Noise, the darkest and the brightest image, and a gradient: sums at their ends as well as in the middle. */
function randomImages(size: number, stream: Stream): Uint8Array {
  const images = new Uint8Array(imageCount * size);
  for (let i = 0; i < size; i++) {
    images[i] = bitsAt(stream, i) >>> 24;
    images[size + i] = bitsAt(stream, i + size) >>> 31 === 0 ? 0 : 255;
    images[2 * size + i] = 255;
    images[3 * size + i] = Math.floor((i * 256) / size);
  }
  return images;
}

function randomParameters(
  program: Program,
  images: Uint8Array,
  spread: number,
  stream: Stream,
): Float32Array {
  const parameters = new Float32Array(program.parameterCount);
  for (const [index, { kind, offset, length }] of program.slots.entries()) {
    if (kind !== 'kernel' && kind !== 'bias') continue;
    const draws = substream(stream, 1, index);
    for (let i = 0; i < length; i++) parameters[offset + i] = 3 * uniformAt(draws, i) - 1.5;
  }
  const calibrated = calibrate(program, parameters, images);
  for (const [index, { kind, offset }] of program.slots.entries()) {
    if (kind === 'kernel' || kind === 'bias') continue;
    calibrated[offset]! += spread * (2 * uniformAt(substream(stream, 2, index), 0) - 1);
  }
  return calibrated;
}
