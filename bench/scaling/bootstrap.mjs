// A worker thread starts from plain JavaScript: TypeScript loads only once tsx is registered in the thread itself.
import { register } from 'tsx/esm/api';

register();
await import('./slice-thread.ts');
