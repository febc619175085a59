import {
  compileIntegerNetwork,
  createIntegerEngine,
  createModel,
  evaluate,
  parseNetwork,
  writeModelJson,
} from '@bitkiln/core';
import { writeKerasModel } from '@bitkiln/core/keras';
import type { EvaluateOrder, EvaluationResult } from './messages.ts';

/**
 * Runs the winner on the test images with the integer engine (16-bit logits, as on the chip) and writes its files.
 */
export async function evaluateWinner(order: EvaluateOrder): Promise<EvaluationResult> {
  const { network, input, parameters, test, provenance } = order;
  const model = createModel({
    layers: parseNetwork(network),
    input,
    parameters,
    stage: 'frozenScales',
    provenance,
  });
  const engine = createIntegerEngine(compileIntegerNetwork(model), 'sums');
  const { correct, total } = evaluate((image) => engine.logits(image), test);
  return {
    testCorrect: correct,
    testTotal: total,
    json: new TextEncoder().encode(writeModelJson(model)),
    h5: await writeKerasModel(model),
  };
}
