import { formatShape, type IntegerProgram, printNetwork } from '@bitkiln/core';
import type { MemoryPlan, Step } from '../plan/memory-plan.ts';
import { activationsAt } from './activations.ts';
import { emitDense, logitValues } from './dense.ts';
import { emitMove, emitPermute } from './rearrange.ts';
import { emitReceive } from './receive.ts';
import { emitResidual } from './residual.ts';
import { emitSlide } from './slide.ts';
import { createUnit, indent, type Memory } from './unit.ts';

export interface CSource {
  readonly header: string;
  readonly source: string;
}

export interface CSettings {
  /** Prefix of the files, functions and macros. */
  readonly name: string;
  readonly memory: Memory;
  /** Lines that the source includes behind <stdint.h>. */
  readonly includes?: readonly string[];
}

/** One .h and one .c for a network: integers and shifts, one buffer, no heap, no floats, no library. */
export function writeC(program: IntegerProgram, plan: MemoryPlan, settings: CSettings): CSource {
  return { header: writeHeader(program, plan, settings), source: writeSource(program, plan, settings) };
}

function writeHeader(
  { input, output, layers }: IntegerProgram,
  plan: MemoryPlan,
  { name }: CSettings,
): string {
  const prefix = name.toUpperCase();
  return `/* ${printNetwork(layers)}
 * on images of ${formatShape(input)}, convolutions in place (${plan.strategy}). Written by bitkiln. */
#ifndef ${prefix}_H
#define ${prefix}_H

#include <stdint.h>

#define ${prefix}_ROWS ${input.rows}
#define ${prefix}_COLS ${input.cols}
#define ${prefix}_CHANNELS ${input.channels}
#define ${prefix}_CLASSES ${output.channels}

/* All that a prediction keeps in memory, but for the stack. */
#ifndef ${prefix}_BUFFER_BYTES
#define ${prefix}_BUFFER_BYTES ${plan.bufferBytes}
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The class of an image of rows x columns x channels bytes, and in \`logits\` a sum for each class. */
int ${name}_predict(const uint8_t *image, int16_t *logits);

/* The same for an image that comes row by row: start, then every row of columns x channels bytes from the
 * top (what comes behind the last is left aside), then finish. Nothing of a row is kept but what the network needs. */
void ${name}_start(void);
void ${name}_row(const uint8_t *pixels);
int ${name}_finish(int16_t *logits);

#ifdef __cplusplus
}
#endif

#endif
`;
}

function writeSource(program: IntegerProgram, plan: MemoryPlan, settings: CSettings): string {
  const { name } = settings;
  const prefix = name.toUpperCase();
  const unit = createUnit({
    name,
    memory: settings.memory,
    index: indexType(program, plan),
    dim: dimType(program),
  });
  const [receive, ...steps] = plan.steps;
  if (receive?.kind !== 'receive') throw new TypeError('a plan starts with the image');
  const row = emitReceive(unit, program, receive);
  const calls = steps.map((step) => emitStep(unit, program, step));
  const last = steps.at(-1) as Extract<Step, { kind: 'dense' }>;
  const logits = activationsAt(unit, last.output, logitValues);
  const logit = logits.load(`(${unit.index})(${logits.at(`(${unit.index})class`)})`);
  const { rows, cols, channels } = program.input;
  const classes = program.output.channels;
  return `/* ${printNetwork(program.layers)} */
#include "${name}.h"
${(settings.includes ?? []).map((line) => `${line}\n`).join('')}
#if ${prefix}_BUFFER_BYTES < 1
#error "the buffer is empty"
#endif

#ifdef ${prefix}_BUFFER
/* Memory of the program's own, of ${prefix}_BUFFER_BYTES bytes. */
extern uint8_t ${prefix}_BUFFER[];
#define buffer ${prefix}_BUFFER
#else
static uint8_t buffer[${prefix}_BUFFER_BYTES];
#endif
static ${unit.dim} next_row;
${unit.text()}
void ${name}_start(void)
{
    next_row = 0;
}

${indent(`void ${name}_row(const uint8_t *pixels)
{
if (next_row >= ${rows}) return;
${unit.dim} row = next_row++;
${row}
}

int ${name}_finish(int16_t *logits)
{
${calls.join('\n')}
int best = 0;
for (int class = 0; class < ${classes}; class++) {
logits[class] = ${logit};
if (logits[class] > logits[best]) best = class;
}
return best;
}

int ${name}_predict(const uint8_t *image, int16_t *logits)
{
${name}_start();
for (${unit.dim} row = 0; row < ${rows}; row++) ${name}_row(image + (${unit.index})row * ${cols * channels}U);
return ${name}_finish(logits);
}`)}
`;
}

function emitStep(unit: Parameters<typeof emitSlide>[0], program: IntegerProgram, step: Step): string {
  switch (step.kind) {
    case 'move':
      return emitMove(unit, step);
    case 'permute':
      return emitPermute(unit, step);
    case 'slide':
      return emitSlide(unit, program, step);
    case 'residual':
      return emitResidual(unit, program, step);
    case 'dense':
      return emitDense(unit, program, step);
    case 'receive':
      throw new TypeError('the image comes once');
  }
}

/** Wide enough for the bits of the buffer, the pixels of the image and the weights of a layer. */
function indexType({ input, ops }: IntegerProgram, { bufferBytes }: MemoryPlan): 'uint16_t' | 'uint32_t' {
  const weights = ops.map((op) => ('kernel' in op ? op.kernel.length : 0));
  const most = Math.max(8 * bufferBytes, input.rows * input.cols * input.channels, ...weights);
  return most < 65536 ? 'uint16_t' : 'uint32_t';
}

function dimType({ ops }: IntegerProgram): 'uint8_t' | 'uint16_t' {
  const sides = ops.flatMap(({ input, output }) => [input.rows, input.cols, input.channels, output.channels]);
  return Math.max(...sides) < 255 ? 'uint8_t' : 'uint16_t';
}
