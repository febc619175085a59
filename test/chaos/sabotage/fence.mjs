// Preloaded by a worker: its attempts may write whether they hold their trial or not, and are told that they do.
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url, {
  data: [
    {
      file: 'packages/lifecycle/src/attempt.ts',
      from: `return trial.state === 'running' && trial.attempt === fence.attempt;`,
      to: 'return true;',
    },
    {
      file: 'packages/lifecycle/src/extend-lease.ts',
      from: 'return { held: false, reason: staleReason(await attemptEnd(database.pool, fence)) };',
      to: 'return { held: true };',
    },
  ],
});
