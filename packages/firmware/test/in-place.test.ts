import { elements, type Layer, lowerNetwork, type Shape, type Strategy, storageReport } from '@bitkiln/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deviceActivationBytes } from '../src/device-bytes.ts';
import { planMemory } from '../src/plan/plan-memory.ts';
import { randomModel } from './support/arbitrary-model.ts';
import { simulate } from './support/simulate.ts';

const whole = (min: number, max: number) => fc.integer({ min, max });
const strategy = fc.constantFrom<Strategy>('herringbone', 'transpose', 'normal');

/** A convolution that grows channels on a map, pooled so that the next layer is small: it sets the peak. */
const growing = fc
  .record({
    rows: whole(2, 16),
    cols: whole(2, 16),
    channels: whole(1, 8),
    growth: whole(1, 8),
    kernel: fc.tuple(fc.nat(), fc.nat()),
    code: fc.constantFrom('C' as const, 'CN' as const),
    bits: fc.constantFrom(1, 2, 3, 4, 8),
  })
  .map(({ rows, cols, channels, growth, kernel, code, bits }) => {
    const kernelRows = 1 + (kernel[0] % Math.min(rows, 5));
    const kernelCols = 1 + (kernel[1] % Math.min(cols, 5));
    const weighted = { weightBits: 4, biasBits: 8, activationBits: bits };
    const window = { kernelRows, kernelCols, strideRows: 1, strideCols: 1 };
    const layers: Layer[] = [
      { code: 'Q', activationBits: bits },
      { code, filters: channels + growth, ...window, ...weighted },
      { code: 'C', filters: 1, kernelRows: 1, kernelCols: 1, strideRows: 1, strideCols: 1, ...weighted },
      { code: 'S', units: 1, ...weighted },
    ];
    return { layers, input: { rows, cols, channels } satisfies Shape };
  });

function plan({ layers, input }: { layers: Layer[]; input: Shape }, by: Strategy) {
  const program = lowerNetwork(layers, input);
  const report = storageReport(layers, input, by);
  const logits = program.ops.at(-1)!;
  const logitBytes = Math.max((elements(logits.input) * layers.at(-2)!.activationBits) / 8, 2);
  return {
    report,
    device: deviceActivationBytes(program, by),
    memory: planMemory(program, by),
    /** Whether the growing convolution is the peak on the device too. */
    peak: report.peakLayer === 1 && report.activationBytes >= logitBytes,
  };
}

describe('convolutions in place', () => {
  test('herringbone never needs more than the model says, and no value is lost on the way', () => {
    let peaks = 0;
    fc.assert(
      fc.property(growing, (network) => {
        const { report, device, memory, peak } = plan(network, 'herringbone');
        simulate(memory);
        if (!peak) return;
        peaks++;
        expect(device).toBe(report.activationBytes);
        expect(memory.bufferBytes).toBe(Math.ceil(report.activationBytes));
      }),
      { numRuns: 1000, seed: 1 },
    );
    expect(peaks).toBeGreaterThan(500);
  });

  test('normal and transpose: the same wherever a line of output outgrows the line of input that it frees', () => {
    let peaks = 0;
    fc.assert(
      fc.property(growing, strategy, (network, by) => {
        const { report, device, memory, peak } = plan(network, by);
        simulate(memory);
        const [{ rows, cols, channels }, layer] = [network.input, network.layers[1] as Layer & { code: 'C' }];
        const growth = layer.filters - channels;
        const row = (cols - layer.kernelCols + 1) * growth - (layer.kernelCols - 1) * channels;
        const column = (rows - layer.kernelRows + 1) * growth - (layer.kernelRows - 1) * channels;
        // Transposing on the way, the model counts the last tail along rows alone: right where kernels are square.
        if (by === 'transpose' && layer.kernelRows !== layer.kernelCols) return;
        if (!peak || Math.min(row, column) < 0) return;
        peaks++;
        expect(device).toBe(report.activationBytes);
      }),
      { numRuns: 1500, seed: 2 },
    );
    expect(peaks).toBeGreaterThan(300);
  });

  test("random networks of every layer: no value is lost in the device's bytes", () => {
    fc.assert(
      fc.property(randomModel, ({ model, strategy: by }) => {
        const memory = planMemory(model.program, by);
        expect(memory.bufferBytes).toBe(Math.ceil(deviceActivationBytes(model.program, by)));
        simulate(memory);
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  test('the simulator sees an overrun: one bit less slack than a growing convolution needs', () => {
    const network = {
      layers: plan3x3(),
      input: { rows: 8, cols: 8, channels: 2 },
    };
    const { memory } = plan(network, 'normal');
    const steps = memory.steps.map((step) => {
      if (step.kind !== 'slide' || step.stage.op !== 1) return step;
      return { ...step, output: { ...step.output, base: step.output.base + 60 } };
    });
    expect(() => simulate({ ...memory, steps })).toThrow(/overwritten/);
  });
});

function plan3x3(): Layer[] {
  const weighted = { weightBits: 4, biasBits: 8, activationBits: 4 };
  const window = { kernelRows: 3, kernelCols: 3, strideRows: 1, strideCols: 1 };
  return [
    { code: 'Q', activationBits: 4 },
    { code: 'C', filters: 6, ...window, ...weighted },
    { code: 'S', units: 1, ...weighted },
  ];
}
