// Preloaded by a worker: a trial counts as often as its completion is reported.
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url, {
  data: [
    {
      file: 'packages/lifecycle/src/complete-trial.ts',
      from: 'if (repeated)',
      to: 'if (false)',
    },
  ],
});
