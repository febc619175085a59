import { createModel, evaluateModel, parseNetwork, writeModelJson } from '@bitkiln/core';
import { writeKerasModel } from '@bitkiln/core/keras';
import type { EvaluateOrder, EvaluationResult } from './messages.ts';

/** Runs the winner on the test images, integer engine and 16-bit logits as on the chip, and writes its files. */
export async function evaluateWinner(order: EvaluateOrder): Promise<EvaluationResult> {
  const { network, input, parameters, test, provenance } = order;
  const layers = parseNetwork(network);
  const model = createModel({ layers, input, parameters, stage: 'frozenScales', provenance });
  const { correct, total } = evaluateModel(model, test, { engine: 'integer', logitBits: 16 });
  return {
    testCorrect: correct,
    testTotal: total,
    json: new TextEncoder().encode(writeModelJson(model)),
    h5: await writeKerasModel(model),
  };
}
