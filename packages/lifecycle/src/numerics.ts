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
