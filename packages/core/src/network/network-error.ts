import { show } from '../show.ts';
import type { LayerCode } from './layer.ts';

export interface NetworkErrorDetail {
  /** Index into the list of layers, counted from 0; null where the fault is not one layer's. */
  readonly layer: number | null;
  readonly code?: LayerCode;
  /** The field of the layer at fault, or what else of the network it is: `network`, `layers`, `input`. */
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;
}

/** A network that can't be read, or that can't exist. The message counts layers from 1. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly layer: number | null;
  readonly code: LayerCode | null;
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;

  /** `fault` says what is wrong; without it the message names the field, the value and what was expected. */
  constructor(detail: NetworkErrorDetail, fault?: string) {
    super(`${place(detail)}${fault ?? describe(detail)}`);
    this.layer = detail.layer;
    this.code = detail.code ?? null;
    this.field = detail.field;
    this.value = detail.value;
    this.expected = detail.expected;
  }
}

function place({ layer, code }: NetworkErrorDetail): string {
  if (layer === null) return '';
  return code === undefined ? `layer ${layer + 1}: ` : `layer ${layer + 1}, ${code}: `;
}

function describe({ field, value, expected }: NetworkErrorDetail): string {
  return `${field} is ${show(value)}; expected ${expected}`;
}
