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
    `  curl -s -o model.json ${base}/model.json`,
    `  curl -s -o model.h5 ${base}/model.h5`,
    'Flash it:',
    '  npx bitkiln export model.json --target avr -o firmware',
    `See it: ${url}/ (the API: ${url}/docs)`,
  ].join('\n');
}

/** The one line that `--json` ends standard output with. */
export function winnerJson(best: Best): string {
  const { network, totalBytes, validationLoss, validationAccuracy, testAccuracy } = best;
  const winner = { network, totalBytes, validationLoss, validationAccuracy, testAccuracy };
  return JSON.stringify({ experimentId: best.experimentId, winner });
}
