// A compute thread whose trainer does what the order's network says: it keeps the protocol, or breaks it.
import { parentPort } from 'node:worker_threads';

const numericsId = { trainer: 'scripted', definition: 1, options: '', reproducible: true };

parentPort.on('message', (request) => {
  if (request.kind !== 'order') return;
  switch (request.order.network) {
    case 'spin':
      for (;;);
    case 'throw':
      throw new Error('a kernel went wrong');
    case 'exit':
      process.exit(3);
  }
});
parentPort.postMessage({ numericsId, samplesPerSecond: null });
