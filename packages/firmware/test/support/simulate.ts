import { elements } from '@bitkiln/core';
import { pixelsInOrder, placeOf } from '../../src/layout/layout.ts';
import type { MapPlace, MemoryPlan, Step } from '../../src/plan/memory-plan.ts';

/**
 * Runs a plan with a name for every bit of every map in place of its value. Each read must find the bit that it is
 * there for, so a value that was overwritten while something still needed it shows; so does a write beyond the buffer.
 */
export function simulate({ bufferBytes, steps }: MemoryPlan): { readonly highestBit: number } {
  const memory = new Float64Array(8 * bufferBytes).fill(-1);
  let highestBit = -1;
  let maps = 0;
  const nameOf = (map: number, element: number, bit: number): number => (map * 1e6 + element) * 64 + bit;
  const addressOf = (place: MapPlace, row: number, col: number, channel: number): number =>
    place.base + (placeOf(place.layout, row, col) * place.shape.channels + channel) * place.bits;
  const touch = (address: number): void => {
    if (address < 0 || address >= memory.length) throw new Error(`bit ${address} lies outside the buffer`);
    highestBit = Math.max(highestBit, address);
  };
  const access = (kind: 'read' | 'write', map: number, place: MapPlace, row: number, col: number): void => {
    const { channels, cols } = place.shape;
    for (let channel = 0; channel < channels; channel++) {
      const element = (row * cols + col) * channels + channel;
      const address = addressOf(place, row, col, channel);
      for (let bit = 0; bit < place.bits; bit++) {
        touch(address + bit);
        const name = nameOf(map, element, bit);
        if (kind === 'write') memory[address + bit] = name;
        else if (memory[address + bit] !== name) {
          throw new Error(`pixel ${row}, ${col} of map ${map} was overwritten before it was read`);
        }
      }
    }
  };
  const writeAll = (map: number, place: MapPlace): void => {
    for (const [row, col] of pixelsInOrder(place.layout)) access('write', map, place, row, col);
  };

  const runStep = (step: Step): void => {
    const input = maps;
    switch (step.kind) {
      case 'receive': {
        if (step.sums !== null) receiveSums(step);
        else writeAll(maps, step.output);
        return;
      }
      case 'move':
      case 'permute':
        for (const [row, col] of pixelsInOrder(step.from.layout)) access('read', input, step.from, row, col);
        writeAll(input, step.to);
        return;
      case 'dense':
        maps++;
        for (let made = 0; made < elements(step.output.shape); made++) {
          const unit = step.firstUnitLast ? elements(step.output.shape) - 1 - made : made;
          for (const [row, col] of pixelsInOrder(step.input.layout))
            access('read', input, step.input, row, col);
          writeUnit(step.output, unit);
        }
        return;
      case 'slide':
        maps++;
        for (const [row, col] of pixelsInOrder(step.output.layout)) {
          const { kernelRows, kernelCols, strideRows, strideCols } = step.stage;
          for (let r = 0; r < kernelRows; r++) {
            for (let c = 0; c < kernelCols; c++) {
              access('read', input, step.input, row * strideRows + r, col * strideCols + c);
            }
          }
          access('write', maps, step.output, row, col);
        }
        return;
      case 'residual':
        maps += 2;
        residual(step, input);
        return;
    }
  };

  const writeUnit = (place: MapPlace, unit: number): void => {
    for (let bit = 0; bit < place.bits; bit++) {
      touch(place.base + unit * place.bits + bit);
      memory[place.base + unit * place.bits + bit] = nameOf(maps, unit, bit);
    }
  };

  /** Row by row: sums of all lines but the last, then the row's outputs, each after its own sum. */
  const receiveSums = ({ output, sums }: Extract<Step, { kind: 'receive' }>): void => {
    const { rows, cols, channels } = output.shape;
    for (let row = 0; row < rows; row++) {
      for (let held = 0; held < cols * channels; held++) {
        for (let bit = 0; bit < sums!.bits; bit++) {
          touch(sums!.base + held * sums!.bits + bit);
          memory[sums!.base + held * sums!.bits + bit] = -2 - held;
        }
      }
      for (let held = 0; held < cols * channels; held++) {
        for (let bit = 0; bit < sums!.bits; bit++) {
          if (memory[sums!.base + held * sums!.bits + bit] !== -2 - held)
            throw new Error(`sum ${held} was overwritten`);
        }
        const [col, channel] = [Math.floor(held / channels), held % channels];
        for (let bit = 0; bit < output.bits; bit++) {
          const address = addressOf(output, row, col, channel) + bit;
          touch(address);
          memory[address] = nameOf(maps, (row * cols + col) * channels + channel, bit);
        }
      }
    }
  };

  const residual = (step: Extract<Step, { kind: 'residual' }>, input: number): void => {
    const order = pixelsInOrder(step.output.layout);
    const { rows, cols, channels } = step.input.shape;
    const ring = (pixel: number, kind: 'read' | 'write'): void => {
      const from = step.ring.base + (pixel % step.ringPixels) * channels * step.ring.bits;
      for (let bit = 0; bit < channels * step.ring.bits; bit++) {
        touch(from + bit);
        if (kind === 'write') memory[from + bit] = -1e9 - pixel;
        else if (memory[from + bit] !== -1e9 - pixel) throw new Error(`inner pixel ${pixel} was overwritten`);
      }
    };
    const around = (row: number, col: number, visit: (r: number, c: number) => void): void => {
      for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
        for (let c = Math.max(0, col - 1); c <= Math.min(cols - 1, col + 1); c++) visit(r, c);
      }
    };
    const number = (row: number, col: number): number =>
      step.alongColumns ? col * rows + row : row * cols + col;
    let made = 0;
    for (const [row, col] of order) {
      const last = Math.min(order.length - 1, number(row, col) + (step.alongColumns ? rows : cols) + 1);
      for (; made <= last; made++) {
        const [innerRow, innerCol] = order[made]!;
        around(innerRow, innerCol, (r, c) => access('read', input, step.input, r, c));
        ring(made, 'write');
      }
      around(row, col, (r, c) => ring(number(r, c), 'read'));
      access('read', input, step.input, row, col);
      access('write', maps, step.output, row, col);
    }
  };

  for (const step of steps) runStep(step);
  return { highestBit };
}
