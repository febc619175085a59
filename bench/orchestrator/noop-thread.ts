import { parentPort } from 'node:worker_threads';
import type { ThreadReady } from '../../apps/worker/src/compute/messages.ts';
import { serveOrders } from '../../apps/worker/src/compute/serve-orders.ts';
import { noopTrainer } from './noop-trainer.ts';

// Stands in for apps/worker's thread.ts: the same orders and replies, and no arithmetic behind them.
serveOrders(parentPort!, noopTrainer);
const ready: ThreadReady = { numericsId: noopTrainer.numericsId, samplesPerSecond: null };
parentPort!.postMessage(ready);
