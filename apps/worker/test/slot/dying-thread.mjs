// A compute thread of kiln's numerics id that dies at its first order.
import { parentPort } from 'node:worker_threads';

parentPort.on('message', () => process.exit(3));
const numericsId = { trainer: 'kiln', definition: 1, options: 'simd=plain', reproducible: true };
parentPort.postMessage({ numericsId, samplesPerSecond: 1234 });
