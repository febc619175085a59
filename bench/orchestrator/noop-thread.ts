import { parentPort } from 'node:worker_threads';
import type { ThreadReady, ThreadRequest } from '../../apps/worker/src/compute/messages.ts';
import { serveOrders } from '../../apps/worker/src/compute/serve-orders.ts';
import { noopTrainer } from './noop-trainer.ts';

// A start that calibrates its scales computes too.
parentPort!.on('message', (request: ThreadRequest) => {
  if (request.kind !== 'order' || request.order.kind !== 'train') return;
  const { start } = request.order;
  if (start.kind === 'parameters') Object.assign(start, { calibrate: false });
});
// Stands in for apps/worker's thread.ts: the same orders and replies, and no arithmetic behind them.
serveOrders(parentPort!, noopTrainer);
const ready: ThreadReady = { numericsId: noopTrainer.numericsId, samplesPerSecond: null };
parentPort!.postMessage(ready);
