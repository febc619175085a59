/** One axis of a correlation: for each target place, which kernel taps meet which source places. */
export interface Tap {
  readonly kernel: number;
  readonly source: number;
}

export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** Forward: target t reads source t * stride - padding + k, where that exists; k ascending. */
export function forwardTaps(source: number, target: number, window: Window): Tap[][] {
  return Array.from({ length: target }, (_, t) =>
    kernelIndices(window)
      .map((kernel) => ({ kernel, source: t * window.stride - window.padding + kernel }))
      .filter((tap) => tap.source >= 0 && tap.source < source),
  );
}

/** Input gradient: input place t collects from output place (t + padding - k) / stride, where whole; k ascending. */
export function gradientTaps(input: number, output: number, window: Window): Tap[][] {
  return Array.from({ length: input }, (_, t) =>
    kernelIndices(window)
      .map((kernel) => ({ kernel, source: (t + window.padding - kernel) / window.stride }))
      .filter((tap) => Number.isInteger(tap.source) && tap.source >= 0 && tap.source < output),
  );
}

function kernelIndices({ kernel }: Window): number[] {
  return Array.from({ length: kernel }, (_, k) => k);
}
