/** What a data set's making is at. Phases follow one another; `done` of `total` counts images, epochs or bytes. */
export interface DataProgress {
  readonly phase:
    | 'waiting for another builder'
    | 'discarding a damaged file'
    | 'fetching'
    | 'small deformations'
    | 'first teacher'
    | 'filtering small deformations'
    | 'second teacher'
    | 'large deformations'
    | 'filtering large deformations'
    | 'drawing'
    | 'storing';
  readonly done: number;
  readonly total: number;
  /** For people: a teacher's accuracy, the images filtered. */
  readonly note?: string;
}

/** Who watches a data set being made, and may stop it. */
export interface Watch {
  readonly onProgress?: (progress: DataProgress) => void;
  /** Aborting ends the making with the signal's reason. */
  readonly signal?: AbortSignal;
}
