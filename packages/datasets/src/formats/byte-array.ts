/** A whole-number array as an idx, npy or npz file holds it: row-major, one unsigned byte an element. */
export interface ByteArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}
