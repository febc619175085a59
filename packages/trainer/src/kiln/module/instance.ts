import type { Program, StageName } from '@bitkiln/core';
import { plainMultiplyAdd } from '../kernels/context.ts';
import { rowTable } from '../kernels/correlation.ts';
import { forwardCorrelation, gradientCorrelation } from '../kernels/weighted.ts';
import { inputNeedsGradient } from '../plan/arithmetic.ts';
import { type MemoryPlan, planMemory } from '../plan/memory-plan.ts';
import { emitModule, type KilnExports } from './emit-module.ts';
import { allowRelaxedSimd } from './relaxed-simd.ts';

const pageBytes = 65536;
const largestMemory = 2 ** 31;

interface CompiledNetwork {
  readonly plan: MemoryPlan;
  readonly module: WebAssembly.Module;
}

const compiled = new Map<string, CompiledNetwork>();
const cacheLimit = 16;

/** The module of a network and stage: emitted and validated once, then cached. */
function compileNetwork(program: Program, stage: StageName, relaxed: boolean): CompiledNetwork {
  const key = JSON.stringify([program.layers, program.input, stage, relaxed]);
  const cached = compiled.get(key);
  if (cached !== undefined) return cached;
  const plan = planMemory(program, stage);
  if (plan.bytes > largestMemory) {
    throw new RangeError(`network needs ${plan.bytes} bytes to train; expected at most ${largestMemory}`);
  }
  if (relaxed) allowRelaxedSimd();
  const network = { plan, module: new WebAssembly.Module(emitModule(program, stage, plan, relaxed)) };
  if (compiled.size >= cacheLimit) compiled.delete(compiled.keys().next().value!);
  compiled.set(key, network);
  return network;
}

/** A module at work, with its own memory. */
export interface KilnInstance {
  readonly plan: MemoryPlan;
  readonly exports: KilnExports;
  readonly floats: Float32Array;
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

export function instantiate(program: Program, stage: StageName, relaxed: boolean): KilnInstance {
  const { plan, module } = compileNetwork(program, stage, relaxed);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(plan.bytes / pageBytes) });
  const instance = new WebAssembly.Instance(module, { host: { memory } });
  const words = new Int32Array(memory.buffer);
  writeRowTables(program, stage, plan, words);
  return {
    plan,
    exports: instance.exports as unknown as KilnExports,
    floats: new Float32Array(memory.buffer),
    words,
    bytes: new Uint8Array(memory.buffer),
  };
}

function writeRowTables(program: Program, stage: StageName, plan: MemoryPlan, words: Int32Array): void {
  const context = { program, stage, plan, multiplyAdd: plainMultiplyAdd };
  for (const [i, op] of program.ops.entries()) {
    if (!('kernel' in op)) continue;
    const tables = [forwardCorrelation(context, i)];
    if (plan.sparse[i] === null && inputNeedsGradient(program, stage, i))
      tables.push(gradientCorrelation(context, i));
    for (const correlation of tables) words.set(rowTable(correlation), correlation.rowTable / 4);
  }
}
