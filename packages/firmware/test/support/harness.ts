import type { CSource } from '../../src/c/source.ts';

/** A network's C under a name of its own, so that many fit one program. */
export interface Named {
  readonly name: string;
  readonly source: CSource;
  readonly images: number;
  /** Whether the image goes in row by row. */
  readonly streamed: boolean;
}

/** Bytes behind each buffer that no network may change. */
const canaryBytes = 64;

/**
 * A program that reads the images of all networks and writes for each image its class and its 16-bit logits, the
 * low byte first, and behind each network's a byte: the number of changed canary bytes.
 */
export function harness(networks: readonly Named[]): string {
  return `#include <stdio.h>
#include <string.h>
${networks.map(({ name }) => `#include "${name}.h"`).join('\n')}

static int read_image(uint8_t *image, size_t size)
{
    return fread(image, 1, size, stdin) == size;
}

static void write_result(int class, const int16_t *logits, int classes)
{
    putchar(class);
    for (int i = 0; i < classes; i++) {
        putchar(logits[i] & 255);
        putchar((logits[i] >> 8) & 255);
    }
}

${networks.map(runFunction).join('\n')}
int main(void)
{
${networks.map(({ name }) => `    if (!run_${name}()) return 1;`).join('\n')}
    return 0;
}
`;
}

function runFunction({ name, images, streamed }: Named): string {
  const prefix = name.toUpperCase();
  const rowBytes = `(${prefix}_COLS * ${prefix}_CHANNELS)`;
  const predict = streamed
    ? `${name}_start();
        for (int row = 0; row < ${prefix}_ROWS; row++) ${name}_row(image + row * ${rowBytes});
        class = ${name}_finish(logits);`
    : `class = ${name}_predict(image, logits);`;
  return `#ifdef CANARY
uint8_t ${name}_arena[${prefix}_BUFFER_BYTES + ${canaryBytes}];
#else
uint8_t ${name}_arena[${prefix}_BUFFER_BYTES];
#endif

static int run_${name}(void)
{
    static uint8_t image[${prefix}_ROWS * ${rowBytes}];
    static int16_t logits[${prefix}_CLASSES];
    int class, changed = 0;
#ifdef CANARY
    memset(${name}_arena + ${prefix}_BUFFER_BYTES, 0xA5, ${canaryBytes});
#endif
    for (long i = 0; i < ${images}; i++) {
        if (!read_image(image, sizeof image)) return 0;
        ${predict}
        write_result(class, logits, ${prefix}_CLASSES);
    }
#ifdef CANARY
    for (int i = 0; i < ${canaryBytes}; i++) changed += ${name}_arena[${prefix}_BUFFER_BYTES + i] != 0xA5;
#endif
    putchar(changed);
    return 1;
}
`;
}
