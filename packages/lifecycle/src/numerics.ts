import { createHash } from 'node:crypto';

/** What decides a trial's bytes besides its task (the trainer package's NumericsId). */
export interface NumericsId {
  readonly trainer: string;
  readonly definition: number;
  readonly options: string;
  readonly reproducible: boolean;
}

/** The one text form, such as `tensor/1/backend=wasm`: equal texts mean that one may resume the other's trial. */
export function formatNumericsId(id: NumericsId): string {
  return `${id.trainer}/${id.definition}/${id.options}`;
}

/** Short hash for queue names: 12 hex digits of the text form's SHA-256. */
export function hashNumericsId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
