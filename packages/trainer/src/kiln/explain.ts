import { elements, formatShape, type Program, printLayer, type StageName } from '@bitkiln/core';
import { emitModule } from './module/emit-module.ts';
import { planMemory } from './plan/memory-plan.ts';
import { type OpWork, opWork, trainingMacs } from './plan/work.ts';

/** Multiply-adds a second, in thousands of millions, that one core of a 2-core EPYC was measured to train at. */
const measuredGigaMacs = 19;
const vector = 16;

export interface ExplainedOp extends OpWork {
  readonly layer: string;
  readonly kind: string;
  readonly input: string;
  readonly output: string;
  readonly parameters: number;
  /** Bytes of the output map, its unquantized copy and its gradient, for four samples. */
  readonly mapBytes: number;
}

/** How kiln trains a network: what each op costs, where memory goes, and about how long a sample takes. */
export interface Explanation {
  readonly stage: StageName;
  readonly ops: readonly ExplainedOp[];
  readonly parameters: number;
  /** Multiply-accumulates of one sample's training step, and of an evaluation. */
  readonly trainingMacs: number;
  readonly evaluationMacs: number;
  /** Bytes that a module's memory takes in all, and those of parameter tables and of maps. */
  readonly memoryBytes: number;
  readonly parameterBytes: number;
  readonly mapBytes: number;
  readonly moduleBytes: number;
  /** Estimated from a measured rate; a short kernel takes longer. */
  readonly estimatedMicrosecondsPerSample: number;
}

export function explainProgram(program: Program, stage: StageName = 'float'): Explanation {
  const plan = planMemory(program, stage);
  const ops = program.ops.map((op, index): ExplainedOp => {
    const map = plan.maps[index + 1]!;
    const copies = 1 + Number(map.unquantized !== map.value) + Number(map.gradient !== null);
    return {
      layer: printLayer(program.layers[op.layer]!),
      kind: op.kind,
      input: formatShape(op.input),
      output: formatShape(op.output),
      parameters: program.slots
        .filter((slot) => slot.op === index)
        .reduce((sum, slot) => sum + slot.length, 0),
      mapBytes: elements(op.output) * vector * copies,
      ...opWork(program, stage, index),
    };
  });
  const macs = trainingMacs(program, stage);
  return {
    stage,
    ops,
    parameters: program.parameterCount,
    trainingMacs: macs,
    evaluationMacs: ops.reduce((sum, op) => sum + op.forward, 0),
    memoryBytes: plan.bytes,
    parameterBytes: plan.scales - plan.effective,
    mapBytes: plan.bytes - plan.maps[0]!.value,
    moduleBytes: emitModule(program, stage, plan, false).length,
    estimatedMicrosecondsPerSample: macs / measuredGigaMacs / 1e3,
  };
}

/** The explanation as lines of text. */
export function printExplanation(explanation: Explanation): string {
  const header = [
    'layer',
    'op',
    'input',
    'output',
    'parameters',
    'forward',
    'dKernel',
    'dInput',
    'map bytes',
  ];
  const rows = explanation.ops.map((op) => [
    op.layer,
    op.kind,
    op.input,
    op.output,
    ...[op.parameters, op.forward, op.kernelGradient, op.inputGradient, op.mapBytes].map(String),
  ]);
  const rate = 1e6 / explanation.estimatedMicrosecondsPerSample;
  return [
    ...table([header, ...rows]),
    '',
    `multiply-adds a sample: ${explanation.trainingMacs} in training, ${explanation.evaluationMacs} in evaluation`,
    `memory: ${explanation.memoryBytes} bytes (${explanation.parameterBytes} parameter tables, ` +
      `${explanation.mapBytes} maps and gradients of four samples), module ${explanation.moduleBytes} bytes`,
    `estimated: ${explanation.estimatedMicrosecondsPerSample.toFixed(1)} us a sample on one core ` +
      `(${Math.round(rate)} samples/s at ${measuredGigaMacs}e9 multiply-adds a second)`,
  ].join('\n');
}

/** Columns padded to their widest entry: text to the left, figures to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column < 4 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
}
