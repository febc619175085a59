import type { Best } from '../client/replies.ts';
import { percent, stageTitle } from './format.ts';

/** What `run` prints when an experiment has its winner: the figures, why it won, and how to fetch it. */
export function winnerText(best: Best, url: string): string {
  const base = `${url}/experiments/${best.experimentId}/best`;
  return [
    '',
    `Winner: trial ${best.index} of the ${stageTitle('frozenScales')} stage`,
    `  network     ${best.network}`,
    `  bytes       ${best.totalBytes} of ${best.budgetBytes} (${best.weightBytes} weights + ${best.activationBytes} activations, ${best.strategy})`,
    `  validation  loss ${best.validationLoss.toFixed(4)}, accuracy ${percent(best.validationAccuracy)}`,
    `  test        accuracy ${percent(best.testAccuracy)} (${best.testCorrect} of ${best.testTotal})`,
    `  why         ${best.reason}`,
    '',
    'Fetch it:',
    `  curl -s ${base}`,
    `  curl -sOJ ${base}/model.json`,
    `  curl -sOJ ${base}/model.h5`,
    `The API's pages: ${url}/docs`,
  ].join('\n');
}

/** The one line that `--json` ends standard output with. */
export function winnerJson(best: Best): string {
  const { network, totalBytes, validationLoss, validationAccuracy, testAccuracy } = best;
  const winner = { network, totalBytes, validationLoss, validationAccuracy, testAccuracy };
  return JSON.stringify({ experimentId: best.experimentId, winner });
}
