import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tiny } from '../../helpers/bodies.ts';
import { buildTestApp, countRows, post } from '../../helpers/test-app.ts';

const testApp = await buildTestApp();
const { app } = testApp;

const body = {
  ...tiny,
  dataset: 'mnist',
  augmentation: 'none',
  budgetBytes: 2048,
  strategy: 'herringbone',
  protocol: {
    ...tiny.protocol,
    float: { trials: 3, epochs: 2, batchSize: 64, learningRate: { initial: 0.01, decay: 0.9, minimum: 0 } },
  },
};

/** Every place in the body. */
function paths(value: unknown, prefix: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [prefix];
  return [prefix, ...Object.entries(value).flatMap(([key, inner]) => paths(inner, [...prefix, key]))];
}

function withValue(target: unknown, [key, ...rest]: string[], value: unknown): unknown {
  if (key === undefined) return value;
  return { ...(target as object), [key]: withValue((target as Record<string, unknown>)[key], rest, value) };
}

const awkward = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    null,
    -1,
    0,
    0.5,
    2 ** 53,
    1e300,
    -0,
    '',
    ' ',
    '\u0000',
    '\ud800',
    'NaN',
    [],
    {},
    [[]],
    '1',
  ),
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.double(),
);

test('no value anywhere in the body makes the service fail, and what is refused writes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths(body)), awkward, async (path, value) => {
      const before = await countRows(testApp);
      const reply = await post(app, '/experiments', withValue(body, path, value));
      expect([201, 400, 422]).toContain(reply.status);
      const written = (await countRows(testApp)) - before;
      if (reply.status === 201) expect(written).toBeGreaterThan(0);
      else expect(written).toBe(0);
    }),
    { numRuns: 200 },
  );
});
