import type { Layer } from '../network/layer.ts';
import { lowerNetwork } from '../network/lower.ts';
import type { ParameterSlot, Program } from '../network/program.ts';
import type { Shape } from '../network/shape.ts';
import type { StageName } from '../protocol/protocol.ts';
import { ModelError } from './model-error.ts';

/** Where a trained model came from. */
export interface Provenance {
  readonly experimentId: string;
  readonly trialId: string;
  /** What every random draw of the trial derives from. */
  readonly seeds: { readonly experiment: number; readonly stage: StageName; readonly trial: number };
  readonly numericsId: string;
  /** Whether the same task gives the same bytes on another host. */
  readonly reproducible: boolean;
  /** SHA-256 of the data set that it was trained on, as the data set states it. */
  readonly dataHash: string;
  /** Of bitkiln. */
  readonly version: string;
}

/** A network with its parameters, as a stage of the protocol left them. */
export interface Model {
  readonly program: Program;
  /** The flat parameter vector, `program.parameterCount` floats. */
  readonly parameters: Float32Array;
  /** A model of the float stage has no quantizers yet: its thresholds mean nothing. */
  readonly stage: StageName;
  /** null where the file does not say. */
  readonly provenance: Provenance | null;
}

/** Log2 thresholds beyond this are no scales of anything: 2^100 and its inverse are at float32's far ends. */
const largestThreshold = 100;

/**
 * Puts a model together.
 * @throws NetworkError where the layers do not make a network for the input
 * @throws ModelError where the parameters are not that network's, or one of them is not a finite number
 */
export function createModel(parts: {
  readonly layers: readonly Layer[];
  readonly input: Shape;
  readonly parameters: Float32Array;
  readonly stage: StageName;
  readonly provenance: Provenance | null;
}): Model {
  const { layers, input, parameters, stage, provenance } = parts;
  const program = lowerNetwork(layers, input);
  if (parameters.length !== program.parameterCount) {
    throw new ModelError('parameters', parameters.length, `${program.parameterCount} numbers`);
  }
  for (const slot of program.slots) checkSlot(program, slot, parameters);
  return { program, parameters, stage, provenance };
}

function checkSlot({ layers }: Program, slot: ParameterSlot, parameters: Float32Array): void {
  const { kind, offset, length } = slot;
  const isThreshold = kind !== 'kernel' && kind !== 'bias';
  const limit = isThreshold ? largestThreshold : Number.MAX_VALUE;
  const wrong = parameters.subarray(offset, offset + length).find((value) => !(Math.abs(value) <= limit));
  if (wrong === undefined) return;
  const expected = isThreshold ? `a log2 threshold from -${limit} to ${limit}` : 'a finite number';
  throw new ModelError(`layer ${slot.layer + 1}, ${layers[slot.layer]!.code}: ${kind}`, wrong, expected);
}
