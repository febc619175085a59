// Prints the reference trial's hashes as JSON, under whichever Node runs it.
import { register } from 'tsx/esm/api';

register();
const { referenceTrialHash } = await import('./reference-trial.ts');
const hashes = {};
for (const stage of ['float', 'movingScales', 'frozenScales'])
  hashes[stage] = await referenceTrialHash(stage);
console.log(JSON.stringify(hashes));
