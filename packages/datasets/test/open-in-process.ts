// Opens the elastic set of `blobs` and prints each phase it goes through, then the hash: a process for tests to race
// and kill.
import { openDataset } from '../src/index.ts';

const seen = new Set<string>();
const dataset = await openDataset('blobs', 'elastic', {
  onProgress: ({ phase }) => {
    if (!seen.has(phase)) console.log(phase);
    seen.add(phase);
  },
});
console.log(dataset.sha256);
