import type { Shape, Strategy } from '@bitkiln/core';
import type { Layout } from '../layout/layout.ts';
import type { DenseStage, ReceiveStage, ResidualStage, SlideStage } from './stage.ts';

/** A map in the buffer: element e of the pixel at place p is at bit base + (p channels + e) bits. */
export interface MapPlace {
  readonly shape: Shape;
  readonly bits: number;
  readonly base: number;
  readonly layout: Layout;
}

/** A run of the buffer, in bits. */
export interface Run {
  readonly base: number;
  readonly bits: number;
}

export type Step =
  | {
      readonly kind: 'receive';
      readonly stage: ReceiveStage;
      readonly output: MapPlace;
      /** Where the sums of a row of averages are held, and the bits of each. */
      readonly sums: Run | null;
    }
  /** Moves a map as it is. */
  | { readonly kind: 'move'; readonly from: MapPlace; readonly to: MapPlace }
  /** Reorders the pixels of a map in place; one of the layouts is row-major. */
  | { readonly kind: 'permute'; readonly from: MapPlace; readonly to: MapPlace }
  /** Writes the output in its own order, over input pixels that nothing reads any more. */
  | {
      readonly kind: 'slide';
      readonly stage: SlideStage;
      readonly input: MapPlace;
      readonly output: MapPlace;
    }
  /** Walks in the order of the output; `ring` holds `ringPixels` pixels of the map between the convolutions. */
  | {
      readonly kind: 'residual';
      readonly stage: ResidualStage;
      readonly input: MapPlace;
      readonly output: MapPlace;
      readonly ring: Run;
      readonly ringPixels: number;
      readonly alongColumns: boolean;
    }
  /**
   * Reads the input in the order of memory, once for each unit. The unit made last, the first or the last one, may
   * lie over the input.
   */
  | {
      readonly kind: 'dense';
      readonly firstUnitLast: boolean;
      readonly stage: DenseStage;
      readonly input: MapPlace;
      readonly output: MapPlace;
    };

/** How a network runs in one buffer. */
export interface MemoryPlan {
  readonly strategy: Strategy;
  readonly bufferBytes: number;
  readonly steps: readonly Step[];
}
