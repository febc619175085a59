import type { Shape } from '../network/shape.ts';

/** Images with their classes. Pixels are unsigned 8-bit; the network sees pixel / 256. */
export interface ImageSet {
  /** count x rows x cols x channels, row-major, usually over a SharedArrayBuffer. */
  readonly images: Uint8Array;
  /** count class indices. */
  readonly labels: Uint8Array;
  readonly count: number;
}

/** What is known of a data set without its images. */
export interface DatasetInfo {
  readonly name: string;
  /** Of one image. */
  readonly shape: Shape;
  readonly classes: number;
}

/** A data set cut into its three parts, each in ascending order of the source. */
export interface Dataset extends DatasetInfo {
  readonly train: ImageSet;
  readonly validation: ImageSet;
  readonly test: ImageSet;
  /** SHA-256, in hex, over everything that training and evaluation read. */
  readonly sha256: string;
}
