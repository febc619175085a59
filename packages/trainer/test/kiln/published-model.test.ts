import { readFileSync } from 'node:fs';
import { lowerNetwork, parseNetwork } from '@bitkiln/core';
import { loadMnist } from '@bitkiln/datasets';
import { expect, it } from 'vitest';
import { createBreather } from '../../src/kiln/training/breather.ts';
import { createSession } from '../../src/kiln/training/session.ts';
import { trialDrawStream } from '../../src/randomness/layer-draws.ts';

interface PublishedModel {
  readonly layers: string;
  readonly parameters: readonly {
    readonly kernel: readonly number[];
    readonly bias: readonly number[];
    readonly weightLogThreshold: number;
    readonly biasLogThreshold: number;
    readonly activationLogThreshold: number;
  }[];
  readonly expected: Readonly<Record<string, number>>;
}

const golden = new URL('../../../core/test/golden/published-model.json', import.meta.url);
const published: PublishedModel = JSON.parse(readFileSync(golden, 'utf8'));
const mnist = await loadMnist();
const program = lowerNetwork(parseNetwork(published.layers), mnist.shape);

it.each(['validation', 'test'] as const)(
  'counts the published model as it was published, %s',
  async (part) => {
    const parameters = new Float32Array(program.parameterCount);
    const weighted = program.ops.filter((op) => 'kernel' in op);
    for (const [i, op] of weighted.entries()) {
      const from = published.parameters[i]!;
      parameters.set(from.kernel, op.kernel.offset);
      parameters.set(from.bias, op.bias.offset);
      parameters[op.weightThreshold.offset] = from.weightLogThreshold;
      parameters[op.biasThreshold.offset] = from.biasLogThreshold;
      parameters[op.quantizer.threshold!.offset] = from.activationLogThreshold;
    }
    const session = createSession(program, 'frozenScales', trialDrawStream(0, 'frozenScales', 0), false);
    session.load(parameters);
    const { correct, loss } = await session.evaluate(mnist[part], createBreather(undefined));
    expect(correct).toBe(published.expected[`${part}Correct8BitLogits`]);
    expect(loss).toBeCloseTo(published.expected[`${part}Loss8BitLogits`]!, 6);
  },
);
