import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tiny } from '../helpers/bodies.ts';
import { contentDigest } from '../helpers/content-digest.ts';
import { acceptsText, goodParts, readDocument, toRequest } from '../helpers/operations.ts';
import { buildTestApp, get, post, send } from '../helpers/test-app.ts';
import { type BadRequest, badRequests } from './bad-requests.ts';

const testApp = await buildTestApp({ requestsPerMinute: 0 });
const { app } = testApp;
const experiment: string = (await post(app, '/experiments', tiny)).body.id;
const [{ id: trial }] = (await get(app, `/experiments/${experiment}/trials`)).body.items;
const ids = { experiment, trial };
const document = await readDocument(app);
const good = new Map(document.operations.map((one) => [one, goodParts(document, one, ids)]));

const batches = 8;
const perBatch = 640;
/** ATTACK_SEED repeats a run. */
const seed = Number(process.env.ATTACK_SEED ?? randomInt(2 ** 31));

async function refused({ operation, what, parts, method, statuses, from }: BadRequest): Promise<void> {
  const reply = await send(app, {
    ...toRequest(operation, parts),
    ...(method === undefined ? {} : { method: method as 'GET' }),
    ...(from === undefined ? {} : { remoteAddress: from }),
  });
  if (!statuses.includes(reply.status)) {
    throw new Error(`${operation.name} with ${what}: ${reply.status} ${reply.text}, expected ${statuses}`);
  }
}

test(`${batches * perBatch} generated bad requests are refused, and nothing is written`, async () => {
  console.log(
    `attack seed ${seed}: ${batches * perBatch} requests on ${document.operations.length} operations`,
  );
  const before = await contentDigest(testApp);
  const seen = new Map<string, number>();
  let sent = 0;
  for (let batch = 0; batch < batches; batch++) {
    await fc.assert(
      fc.asyncProperty(badRequests(document, ids), async (request) => {
        sent += 1;
        seen.set(request.operation.name, (seen.get(request.operation.name) ?? 0) + 1);
        await refused(request);
      }),
      { seed: seed + batch, numRuns: perBatch },
    );
    expect(await contentDigest(testApp)).toBe(before);
  }
  expect(sent).toBeGreaterThanOrEqual(5000);
  expect([...seen.keys()].toSorted()).toEqual(document.operations.map(({ name }) => name).toSorted());
}, 240_000);

const attacks: readonly (readonly [string, string])[] = [
  ['SQL', "'; DROP TABLE experiments; --"],
  ['SQL in a number', '1 OR 1=1'],
  ['SQL wildcards', '%_%'],
  ['a path upwards', '../../../../etc/passwd'],
  ['a path upwards, encoded twice', '%2e%2e%2f%2e%2e%2fetc%2fpasswd'],
  ['a path upwards with backslashes', '..\\..\\windows\\win.ini'],
  ['a NUL', 'a\u0000b'],
  ['a header', 'a\r\nSet-Cookie: evil=1'],
  ['half a surrogate pair', '\ud800'],
  ['text written backwards', '\u202eexe.txt'],
  ['a script', '<script>alert(1)</script>'],
  ['a template', '#{7*7}{{7*7}}<%= 7*7 %>'],
  ['a prototype', '__proto__'],
  ['a constructor', 'constructor.prototype'],
  ['an empty text', ' '],
  ['no number', 'NaN'],
  ['an endless number', '1e999'],
  ['a number below 0', '-1'],
  ['a number of another base', '0x7fffffff'],
  ['a number that no integer holds', '99999999999999999999'],
  ['a list', '[1,2]'],
  ['an object', '{"$gt":""}'],
  ['10,000 letters', 'A'.repeat(10_000)],
  ['10,000 characters of four bytes', '🔥'.repeat(2500)],
  ['a format', '%s%n%x'],
  ['a shell', '$(reboot)'],
  ['another service', 'http://169.254.169.254/latest/meta-data/'],
];

test.each(attacks)('%s in every field of every address harms nothing', async (_, text) => {
  const before = await contentDigest(testApp);
  let bad = 0;
  for (const [operation, parts] of good) {
    for (const parameter of operation.parameters.filter((one) => one.in !== 'header')) {
      const { name } = parameter;
      const accepted = acceptsText(document, parameter, Buffer.from(text).toString());
      // What is not wrong there is right: it may change something, or be answered without end.
      if (accepted && (operation.method !== 'GET' || operation.streams)) continue;
      const request = toRequest(
        operation,
        parameter.in === 'path'
          ? { ...parts, path: { ...parts.path, [name]: text } }
          : { ...parts, query: [...parts.query.filter(([other]) => other !== name), [name, text]] },
      );
      const { status, headers } = await send(app, request);
      expect(headers).not.toHaveProperty('set-cookie');
      if (accepted) expect([operation.name, name, status < 500]).toEqual([operation.name, name, true]);
      else
        expect([operation.name, name, [400, 404, 414]]).toEqual([
          operation.name,
          name,
          expect.arrayContaining([status]),
        ]);
      if (!accepted) bad += 1;
    }
  }
  expect(bad).toBeGreaterThan(20);
  expect(await contentDigest(testApp)).toBe(before);
});

test('a name with every attack in it is refused, or kept and shown as it is', async () => {
  for (const [, text] of attacks) {
    const reply = await post(app, '/experiments', { ...tiny, name: text });
    if (reply.status === 400) continue;
    expect([reply.status, reply.body.name]).toEqual([201, text]);
    const { items } = (await get(app, `/experiments?search=${encodeURIComponent(text)}`)).body;
    expect(items[0].name).toBe(text);
    for (const { name, network } of items) {
      expect(`${name} ${network}`.toLowerCase()).toContain(text.toLowerCase());
    }
  }
});
