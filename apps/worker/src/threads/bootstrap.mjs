// A worker thread starts from plain JavaScript: TypeScript loads only once tsx is registered in the thread itself.
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.module);
