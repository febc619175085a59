// Preloaded by a worker: a trial counts as often as its completion is reported.
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url, {
  data: [
    {
      file: 'packages/lifecycle/src/complete-trial.ts',
      from: `before !== null && (await attemptEnd(transaction, fence)) === 'succeeded'`,
      to: 'before === null',
    },
    {
      file: 'packages/lifecycle/src/complete-trial.ts',
      from: 'const trial = await lockAttempt(transaction, fence);',
      to: 'const trial = before;',
    },
  ],
});
