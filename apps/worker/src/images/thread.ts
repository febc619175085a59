import { parentPort, workerData } from 'node:worker_threads';
import { httpDatasetSource, openDataset } from '@bitkiln/datasets';
import { plainError } from '../threads/plain-error.ts';
import type { ThreadStart } from '../threads/start-thread.ts';
import type { ReadOrder, ReadReply } from './read-images.ts';

const { source, api } = (workerData as ThreadStart<ReadOrder>).data;
const port = parentPort!;
const tell = (reply: ReadReply) => port.postMessage(reply);
const abort = new AbortController();
port.on('message', () => abort.abort());

try {
  const dataset = await openDataset(source.dataset, source.augmentation, {
    sha256: source.sha256,
    source: api === null ? null : httpDatasetSource(api.url, api.token),
    signal: abort.signal,
    onProgress: (progress) => tell({ progress }),
  });
  tell({ dataset });
} catch (error) {
  tell({ error: plainError(error) });
}
