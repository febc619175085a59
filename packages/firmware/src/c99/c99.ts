import { compileIntegerNetwork, type Model, type Strategy } from '@bitkiln/core';
import { writeC } from '../c/source.ts';
import { plainMemory } from '../c/unit.ts';
import type { Files } from '../files.ts';
import { planMemory } from '../plan/plan-memory.ts';

/**
 * C99 for any machine: bitkiln.h and bitkiln.c, and a program in examples/ that classifies an image.
 * @throws NetworkError where a sum could overflow 32 bits
 */
export function exportC99(model: Model, strategy: Strategy): Files {
  const plan = planMemory(model.program, strategy);
  const { header, source } = writeC(compileIntegerNetwork(model), plan, {
    name: 'bitkiln',
    memory: plainMemory,
  });
  return { 'bitkiln.h': header, 'bitkiln.c': source, 'examples/classify.c': classify };
}

const classify = `/* Reads one image of rows x columns x channels bytes from standard input, row by row, and prints its class and
 * logits. From the folder above: cc -std=c99 -O2 -I. examples/classify.c bitkiln.c -o classify */
#include <stdio.h>

#include "bitkiln.h"

int main(void)
{
    uint8_t row[BITKILN_COLS * BITKILN_CHANNELS];
    int16_t logits[BITKILN_CLASSES];
    bitkiln_start();
    for (int i = 0; i < BITKILN_ROWS; i++) {
        if (fread(row, 1, sizeof row, stdin) != sizeof row) {
            fprintf(stderr, "the image ends in row %d\\n", i);
            return 1;
        }
        bitkiln_row(row);
    }
    printf("%d\\n", bitkiln_finish(logits));
    for (int i = 0; i < BITKILN_CLASSES; i++) printf("%d%c", logits[i], i < BITKILN_CLASSES - 1 ? ' ' : '\\n');
    return 0;
}
`;
