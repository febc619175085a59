import { measureEpochs } from './orchestrator/epochs.ts';
import { measureFairness } from './orchestrator/fairness.ts';
import { measureFlatness } from './orchestrator/flat.ts';
import { measureRecovery } from './orchestrator/recovery.ts';
import { measureThroughput } from './orchestrator/throughput.ts';

/** What the orchestrator costs, with nothing trained: `npm run bench:orchestrator -- [part …]`. */
const parts = {
  throughput: async () => {
    await measureThroughput('postgres');
    await measureThroughput('redis');
  },
  epochs: measureEpochs,
  recovery: async () => {
    await measureRecovery('postgres');
    await measureRecovery('redis');
  },
  fairness: async () => {
    await measureFairness('postgres');
    await measureFairness('redis');
  },
  flat: measureFlatness,
} as const;

const asked = process.argv.slice(2);
for (const name of asked) {
  if (!(name in parts))
    throw new Error(`${name} is no part; expected some of ${Object.keys(parts).join(', ')}`);
}
for (const [name, run] of Object.entries(parts)) {
  if (asked.length === 0 || asked.includes(name)) await run();
}
