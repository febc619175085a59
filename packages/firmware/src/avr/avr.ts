import {
  compileIntegerNetwork,
  elements,
  type IntegerProgram,
  type Model,
  ModelError,
  type Strategy,
} from '@bitkiln/core';
import { writeC } from '../c/source.ts';
import type { Memory } from '../c/unit.ts';
import type { Files } from '../files.ts';
import type { MemoryPlan } from '../plan/memory-plan.ts';
import { planMemory } from '../plan/plan-memory.ts';
import { mainProgram } from './main-program.ts';
import { makefile } from './makefile.ts';

export const weightPlaces = ['ram', 'flash'] as const;
/** Where the ATmega328P keeps the weights: in its 2 KB of RAM, as in the published work, or in flash. */
export type WeightPlace = (typeof weightPlaces)[number];

/**
 * Firmware for an ATmega328P: the C of `exportC99`, a program that takes images over the serial port, and a
 * Makefile on gcc-avr and avr-libc.
 * @throws NetworkError where a sum could overflow 32 bits
 * @throws ModelError where the network leaves no room on the chip for even a small stack or program
 */
export function exportAvr(model: Model, strategy: Strategy, weights: WeightPlace): Files {
  const plan = planMemory(model.program, strategy);
  const program = compileIntegerNetwork(model);
  refuseTooLarge(program, plan, weights);
  const { header, source } = writeC(program, plan, {
    name: 'bitkiln',
    memory: avrMemory(weights),
    includes: ['#include <avr/pgmspace.h>'],
  });
  const rowBytes = model.program.input.cols * model.program.input.channels;
  const free = freeWhileReceiving(plan);
  const row = free.bytes >= rowBytes ? free.from : null;
  return {
    'bitkiln.h': header,
    'bitkiln.c': source,
    'main.c': mainProgram(row, logitsAt(plan)),
    Makefile: makefile,
  };
}

const ramBytes = 2048;
const flashBytes = 32 * 1024;
/** What the least stack and the least program take. */
const least = { stack: 48, program: 2048 };

function refuseTooLarge({ ops }: IntegerProgram, { bufferBytes }: MemoryPlan, weights: WeightPlace): void {
  const weightBytes = ops.reduce((sum, op) => {
    if (!('kernel' in op)) return sum;
    return (
      sum + Math.ceil((op.kernel.length * op.weightBits) / 8) + op.bias.length * (op.biasBits > 8 ? 2 : 1)
    );
  }, 0);
  const ram = bufferBytes + (weights === 'ram' ? weightBytes : 0);
  if (ram > ramBytes - least.stack) {
    const hint = weights === 'ram' ? ' (flash can hold the weights)' : '';
    throw new ModelError(
      `RAM with the weights in ${weights}`,
      ram,
      `at most ${ramBytes - least.stack} bytes${hint}`,
    );
  }
  if (weightBytes > flashBytes - least.program) {
    throw new ModelError('bytes of weights', weightBytes, `at most ${flashBytes - least.program}`);
  }
}

/** Constants that are not copied to RAM are read with the instruction for flash. */
function avrMemory(weights: WeightPlace): Memory {
  const attributes = { weights: weights === 'flash' ? ' PROGMEM' : '', tables: ' PROGMEM' };
  return {
    attributes,
    read(what, type, array, index) {
      if (attributes[what] === '') return `${array}[${index}]`;
      const width = type.includes('16') ? 'word' : 'byte';
      return `(${type})pgm_read_${width}(&${array}[${index}])`;
    },
  };
}

/** Bytes of the buffer that hold nothing while the image comes in: there the row itself may lie. */
function freeWhileReceiving({ steps, bufferBytes }: MemoryPlan): { from: number; bytes: number } {
  const [step] = steps;
  if (step?.kind !== 'receive') throw new TypeError('a plan starts with the image');
  const { output, sums } = step;
  const mapEnd = Math.ceil((output.base + elements(output.shape) * output.bits) / 8);
  if (output.base === 0) return { from: mapEnd, bytes: sums === null ? bufferBytes - mapEnd : 0 };
  const sumBits = sums === null ? 0 : output.shape.cols * output.shape.channels * sums.bits;
  const from = Math.ceil(sumBits / 8);
  return { from, bytes: Math.floor(output.base / 8) - from };
}

function logitsAt({ steps }: MemoryPlan): number {
  const last = steps.at(-1)!;
  if (last.kind !== 'dense') throw new TypeError('a plan ends with the logits');
  return last.output.base / 8;
}
