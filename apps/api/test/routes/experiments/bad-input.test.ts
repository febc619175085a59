import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reference, tiny } from '../../helpers/bodies.ts';
import { buildTestApp, countRows, post, send } from '../../helpers/test-app.ts';

const testApp = await buildTestApp();
const { app } = testApp;

let rowsBefore: number;
beforeEach(async () => {
  rowsBefore = await countRows(testApp);
});
afterEach(async () => {
  expect(await countRows(testApp)).toBe(rowsBefore);
});

const seeds = 'a whole number from 0 to 9007199254740991';
const trials = 'a whole number from 1 to 10000';
const epochs = 'a whole number from 1 to 10000';
const budget = 'a multiple of 0.125 from 1 to 16777216';
const network =
  'a text such as "A(2,4) C(5,3x3) M(2) S(10)" or a list of layers such as [["A", 2, 4], ["S", 10, 4, 8, 8]]';
const name = 'text of 1 to 200 characters without control characters';
const strategies = 'one of naive, normal, transpose, herringbone';
const unknown =
  'no such field, only name, dataset, augmentation, network, budgetBytes, strategy, seed, priority, protocol';
const huge = JSON.parse('1e999');

describe('POST /experiments names the field, the value and what was expected', () => {
  const missing = Symbol('missing');
  const cases: [string, Record<string, unknown>, string, unknown, string][] = [
    ['no priority at all', { priority: 0 }, '/priority', 0, 'a whole number from 1 to 100'],
    ['a seed as text', { seed: '1' }, '/seed', '1', seeds],
    ['a seed with a fraction', { seed: 1.5 }, '/seed', 1.5, seeds],
    ['a negative seed', { seed: -1 }, '/seed', -1, seeds],
    ['a seed that no double holds', { seed: 2 ** 53 }, '/seed', 2 ** 53, seeds],
    ['a null seed', { seed: null }, '/seed', null, seeds],
    ['NaN as text', { seed: 'NaN' }, '/seed', 'NaN', seeds],
    ['infinity', { seed: huge }, '/seed', 'Infinity', seeds],
    ['a budget of NaN as text', { budgetBytes: 'NaN' }, '/budgetBytes', 'NaN', budget],
    ['an infinite budget', { budgetBytes: huge }, '/budgetBytes', 'Infinity', budget],
    ['a budget of 0', { budgetBytes: 0 }, '/budgetBytes', 0, budget],
    ['a sixteenth of a byte', { budgetBytes: 2048.0625 }, '/budgetBytes', 2048.0625, budget],
    ['a network left out', { network: undefined }, '/network', missing, network],
    ['a network as a number', { network: 5 }, '/network', 5, network],
    ['a network as an object', { network: { A: 2 } }, '/network', { A: 2 }, network],
    ['layers that are no lists', { network: ['A', 'S'] }, '/network', ['A', 'S'], network],
    ['an empty name', { name: '' }, '/name', '', name],
    ['a name with a NUL', { name: 'a\u0000b' }, '/name', 'a\u0000b', name],
    ['a name with half a surrogate pair', { name: 'a\ud800b' }, '/name', 'a\ud800b', name],
    ['a name as a list', { name: ['x'] }, '/name', ['x'], name],
    ['an unknown data set', { dataset: 'cifar' }, '/dataset', 'cifar', 'one of mnist'],
    ['a data set from Object.prototype', { dataset: 'toString' }, '/dataset', 'toString', 'one of mnist'],
    [
      'an unknown augmentation',
      { augmentation: 'mirror' },
      '/augmentation',
      'mirror',
      'one of none, elastic, published',
    ],
    ['an unknown strategy', { strategy: 'diagonal' }, '/strategy', 'diagonal', strategies],
    ['an unknown field', { budget: 2048 }, '/budget', 2048, unknown],
    [
      'a protocol as text',
      { protocol: 'quick' },
      '/protocol',
      'quick',
      'an object with the fields preset, float, movingScales, frozenScales',
    ],
    [
      'an unknown preset',
      { protocol: { preset: 'slow' } },
      '/protocol/preset',
      'slow',
      'one of published, quick',
    ],
    [
      'an unknown stage',
      { protocol: { integer: {} } },
      '/protocol/integer',
      {},
      'no such field, only preset, float, movingScales, frozenScales',
    ],
    ['zero trials', { protocol: { float: { trials: 0 } } }, '/protocol/float/trials', 0, trials],
    [
      'a million trials',
      { protocol: { frozenScales: { trials: 1_000_000 } } },
      '/protocol/frozenScales/trials',
      1_000_000,
      trials,
    ],
    [
      'half a trial',
      { protocol: { movingScales: { trials: 0.5 } } },
      '/protocol/movingScales/trials',
      0.5,
      trials,
    ],
    ['trials as true', { protocol: { float: { trials: true } } }, '/protocol/float/trials', true, trials],
    ['zero epochs', { protocol: { float: { epochs: 0 } } }, '/protocol/float/epochs', 0, epochs],
    [
      'NaN epochs as text',
      { protocol: { float: { epochs: 'NaN' } } },
      '/protocol/float/epochs',
      'NaN',
      epochs,
    ],
    [
      'an empty batch',
      { protocol: { float: { batchSize: 0 } } },
      '/protocol/float/batchSize',
      0,
      'a whole number from 1 to 65536',
    ],
    [
      'a learning rate of 0',
      { protocol: { float: { learningRate: { initial: 0 } } } },
      '/protocol/float/learningRate/initial',
      0,
      'a number above 0 and at most 10',
    ],
    [
      'an infinite learning rate',
      { protocol: { float: { learningRate: { initial: huge } } } },
      '/protocol/float/learningRate/initial',
      'Infinity',
      'a number above 0 and at most 10',
    ],
    [
      'a rate that grows',
      { protocol: { float: { learningRate: { decay: 1.01 } } } },
      '/protocol/float/learningRate/decay',
      1.01,
      'a number above 0 and at most 1',
    ],
    [
      'a minimum above the start',
      { protocol: { float: { learningRate: { initial: 0.01, minimum: 0.02 } } } },
      '/protocol/float/learningRate/minimum',
      0.02,
      'a number from 0 to the initial rate, 0.01',
    ],
    [
      'an unknown field far down',
      { protocol: { float: { learningRate: { warmup: 5 } } } },
      '/protocol/float/learningRate/warmup',
      5,
      'no such field, only initial, decay, minimum',
    ],
  ];
  test.each(cases)('%s', async (_, change, field, value, expected) => {
    // Infinity goes out as the number that JSON reads it from.
    const text = JSON.stringify({ ...tiny, ...change }, (_key, inner) =>
      inner === huge ? '<huge>' : inner,
    ).replaceAll('"<huge>"', '1e999');
    const reply = await post(app, '/experiments', text);
    expect(reply.status).toBe(400);
    const error = { in: 'body', field, expected, ...(value === missing ? {} : { value }) };
    expect(reply.body.errors).toEqual([error]);
    expect(reply.body.detail).toContain(`body ${field}: `);
    expect(reply.body.detail).toContain(expected);
  });

  test('several faults are all listed', async () => {
    const reply = await post(app, '/experiments', { ...tiny, seed: -1, budgetBytes: 'x', extra: 1 });
    expect(reply.status).toBe(400);
    expect(reply.body.errors.map(({ field }: { field: string }) => field).toSorted()).toEqual([
      '/budgetBytes',
      '/extra',
      '/seed',
    ]);
    expect(reply.body.detail).toContain('(and 2 more)');
  });

  test.each([
    ['a list', '[]', ''],
    ['a text', '"x"', ''],
    ['null', 'null', ''],
  ])('%s in the place of the body', async (_, text, field) => {
    const reply = await post(app, '/experiments', text);
    expect(reply.status).toBe(400);
    expect(reply.body.errors[0]).toMatchObject({ in: 'body', field, value: JSON.parse(text) });
  });
});

describe('a network that can not be built is a 422', () => {
  test.each([
    [
      'A(2,4) C(5,20x20) S(10)',
      'layer 2, C: kernel 20x20 does not fit the 14x14 input',
      '20x20',
      'at most 14x14',
    ],
    ['A(2,4) S(11)', 'layer 2, S: units is 11; expected 10', 11, '10, a unit for each class of the data set'],
    ['', 'the network has 0 layers', '', '1 to 256 layers'],
    ['A(2,4) S(1e400)', 'units is Infinity', 'Infinity', expect.stringContaining('whole number')],
  ])('%s', async (text, detail, value, expected) => {
    const reply = await post(app, '/experiments', { ...tiny, network: text });
    expect(reply.status).toBe(422);
    expect(reply.body.type).toBe('urn:problem-type:bitkiln:invalid-network');
    expect(reply.body.detail).toContain(detail);
    expect(reply.body.errors).toEqual([{ in: 'body', field: '/network', value, expected }]);
  });

  test('a layer of the list form is named by its place', async () => {
    const layers = [
      ['A', 2, 4],
      ['M', 5, 4],
      ['S', 10, 4, 8, 8],
    ];
    const reply = await post(app, '/experiments', { ...tiny, network: layers });
    expect(reply.status).toBe(422);
    expect(reply.body).toMatchObject({ layer: 2, errors: [{ field: '/network/1', value: 5 }] });
  });

  test('one over its budget tells both figures', async () => {
    const reply = await post(app, '/experiments', { ...tiny, budgetBytes: 1946.5 });
    expect(reply.status).toBe(422);
    expect(reply.body).toMatchObject({
      type: 'urn:problem-type:bitkiln:network-over-budget',
      totalBytes: 1947,
      budgetBytes: 1946.5,
      errors: [{ in: 'body', field: '/network', value: 1947, expected: 'at most 1946.5 bytes' }],
    });
  });

  test('a network that is far too large is refused without building it', async () => {
    const reply = await post(app, '/experiments', {
      ...tiny,
      network: 'F(1000000000) S(10)',
      budgetBytes: 2 ** 24,
    });
    expect(reply.status).toBe(422);
  });
});

describe('a body that is no JSON', () => {
  test.each([
    ['NaN', `{"network":"${reference}","seed":NaN}`, 'malformed-body', 'NaN'],
    ['a cut body', `{"network":"${reference}"`, 'malformed-body', 'expected JSON'],
    ['nothing', '', 'malformed-body', 'the body is empty'],
    ['a __proto__ key', `{"network":"${reference}","__proto__":{"seed":1}}`, 'malformed-body', '__proto__'],
  ])('%s', async (_, text, kind, detail) => {
    const reply = await post(app, '/experiments', text);
    expect(reply.status).toBe(400);
    expect(reply.body.type).toBe(`urn:problem-type:bitkiln:${kind}`);
    expect(reply.body.detail).toContain(detail);
  });

  test('lists nested without end', async () => {
    const deep = `{"network":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect((await post(app, '/experiments', deep)).status).toBe(422);
    const wrong = `{"network":"${reference}","seed":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect((await post(app, '/experiments', wrong)).status).toBe(400);
  });

  test('another content type', async () => {
    const reply = await post(app, '/experiments', 'network=x', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(reply.status).toBe(415);
    expect(reply.body.detail).toBe(
      'content-type is "application/x-www-form-urlencoded", expected application/json',
    );
  });

  test('no content type', async () => {
    const reply = await send(app, { method: 'POST', url: '/experiments', payload: Buffer.from('{}') });
    expect(reply.status).toBe(415);
    expect(reply.body.detail).toBe('content-type is missing, expected application/json');
  });

  test('10 MB', async () => {
    const reply = await post(app, '/experiments', { ...tiny, name: 'x'.repeat(10_000_000) });
    expect(reply.status).toBe(413);
    expect(reply.body).toMatchObject({
      type: 'urn:problem-type:bitkiln:body-too-large',
      limitBytes: 262_144,
      detail: expect.stringMatching(/^the body has 1\d{7} bytes, expected at most 262144$/),
    });
  });
});

describe('an idempotency key', () => {
  test.each([
    ['with a space', 'a b'],
    ['too long', 'x'.repeat(256)],
    ['empty', ''],
  ])('%s', async (_, key) => {
    const reply = await post(app, '/experiments', tiny, { 'idempotency-key': key });
    expect(reply.status).toBe(400);
    expect(reply.body.errors[0]).toMatchObject({
      in: 'header',
      field: '/idempotency-key',
      expected: '1 to 255 printable ASCII characters without spaces',
    });
  });
});

describe('addresses', () => {
  const absent = '0198c0de-0000-7000-8000-000000000000';
  const uuid = 'a UUID such as 0198c0de-0000-7000-8000-000000000000';
  const routes = [
    ['GET', '/experiments/:id'],
    ['GET', '/experiments/:id/summary'],
    ['GET', '/experiments/:id/trials'],
    ['GET', '/experiments/:id/events'],
    ['GET', '/experiments/:id/best'],
    ['GET', '/experiments/:id/best/model.json'],
    ['GET', '/experiments/:id/best/model.h5'],
    ['POST', '/experiments/:id/cancel'],
    ['GET', '/trials/:id'],
    ['GET', '/trials/:id/epochs'],
  ] as const;

  test.each(routes)('%s %s of a malformed or an unknown id', async (method, url) => {
    for (const id of ['42', 'not-an-id', `${absent}0`, "'; drop table trials; --", '%00', '..%2f..']) {
      const reply = await send(app, {
        method,
        url: url.replace(':id', encodeURIComponent(decodeURIComponent(id))),
      });
      expect(reply.status).toBe(400);
      expect(reply.body.errors).toEqual([
        { in: 'path', field: '/id', value: decodeURIComponent(id), expected: uuid },
      ]);
    }
    const reply = await send(app, { method, url: url.replace(':id', absent) });
    expect(reply.status).toBe(404);
    expect(reply.body.detail).toMatch(new RegExp(`^there is no (experiment|trial) ${absent}$`));
  });

  test.each([
    ['/experiments?limit=0', 'limit', '0', 'a whole number from 1 to 500'],
    ['/experiments?limit=501', 'limit', '501', 'a whole number from 1 to 500'],
    ['/experiments?limit=NaN', 'limit', 'NaN', 'a whole number from 1 to 500'],
    ['/experiments?limit=1&limit=2', 'limit', ['1', '2'], 'a whole number from 1 to 500'],
    ['/workers?offset=10', 'offset', '10', 'no such field, only state, limit, cursor'],
    [
      '/experiments?state=done',
      'state',
      'done',
      'one of queued, running, evaluating, succeeded, failed, cancelled',
    ],
    [
      '/experiments?cursor=abc',
      'cursor',
      'abc',
      'a cursor that a page of this listing, sorted by newest, gave as nextCursor',
    ],
    ['/trials?stage=int8', 'stage', 'int8', 'one of float, movingScales, frozenScales'],
    ['/trials?sort=size', 'sort', 'size', 'one of newest, oldest, loss, accuracy'],
    [
      '/trials?state=lost',
      'state',
      'lost',
      'one of queued, running, preempted, succeeded, failed, cancelled',
    ],
    ['/trials?experiment=7', 'experiment', '7', uuid],
    ['/workers?state=busy', 'state', 'busy', 'one of online, draining, retired, lost'],
    ['/healthz?x=1', 'x', '1', 'nothing: there are no fields here'],
  ])('GET %s', async (url, field, value, expected) => {
    const reply = await send(app, { method: 'GET', url });
    expect(reply.status).toBe(400);
    expect(reply.body.errors).toEqual([{ in: 'query', field: `/${field}`, value, expected }]);
  });

  test('an address that can not be decoded', async () => {
    const reply = await send(app, { method: 'GET', url: '/experiments/%E0%A4%A' });
    expect(reply.status).toBe(400);
  });

  test('an unknown route', async () => {
    const reply = await send(app, { method: 'GET', url: '/experiment?x=1' });
    expect(reply.status).toBe(404);
    expect(reply.body.detail).toBe('/experiment is not a route; the routes are listed at /docs');
  });

  test.each([
    ['DELETE', '/experiments', 'GET, HEAD, POST'],
    ['PUT', `/experiments/${absent}`, 'DELETE, GET, HEAD'],
    ['GET', `/experiments/${absent}/cancel`, 'POST'],
    ['POST', '/metrics', 'GET, HEAD'],
    ['PATCH', '/trials', 'GET, HEAD'],
    ['HEAD', `/experiments/${absent}/events`, 'GET'],
  ] as const)('%s %s is not allowed', async (method, url, allow) => {
    const reply = await send(app, { method, url });
    expect(reply.status).toBe(405);
    expect(reply.headers.allow).toBe(allow);
    if (method !== 'HEAD') expect(reply.body.detail).toContain(`expected one of ${allow}`);
  });
});

test("another site's page may read nothing new and change nothing", async () => {
  const reply = await send(app, {
    method: 'POST',
    url: '/experiments',
    headers: { 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' },
    payload: JSON.stringify(tiny),
  });
  expect(reply.status).toBe(403);
});
