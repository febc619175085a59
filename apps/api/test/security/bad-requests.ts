import fc from 'fast-check';
import { accepts } from '../helpers/json-schema.ts';
import {
  acceptsText,
  type Document,
  goodParts,
  type Ids,
  type Operation,
  type Parts,
} from '../helpers/operations.ts';
import { wrongToken } from '../helpers/tokens.ts';

/** A request that must be refused, and how. */
export interface BadRequest {
  readonly operation: Operation;
  readonly what: string;
  readonly parts: Parts;
  /** In the place of the operation's own. */
  readonly method?: string;
  readonly statuses: readonly number[];
  /** Wrong tokens come from many addresses, or the limit on guesses would answer them all. */
  readonly from?: string;
}

const awkwardText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ minLength: 300, maxLength: 3000 }),
  fc.integer().map(String),
  fc.double().map(String),
  fc.uuid(),
  fc.constantFrom(
    'null',
    'NaN',
    '0x10',
    '1e3',
    '-0',
    '1.5',
    ' 1',
    '٣',
    '[]',
    '{}',
    '__proto__',
    'constructor',
  ),
  fc.constantFrom("' OR 1=1 --", '../../etc/passwd', '%00', '\u0000', '\r\nX-Evil: 1', '{{7*7}}', '<script>'),
);

const awkwardValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  awkwardText,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(null, true, -1, 0, 0.5, 2 ** 53, 1e300, '', [], {}, [[]], { __proto__: null, toString: 1 }),
);

/** Every place in a JSON value, the whole of it included. */
function places(value: unknown, prefix: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [prefix];
  return [prefix, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...prefix, key]))];
}

function withValue(target: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  return { ...(target as object), [key]: withValue((target as Record<string, unknown>)[key], rest, value) };
}

function withKey(target: unknown, [key, ...rest]: readonly string[], name: string): unknown {
  const object = target as Record<string, unknown>;
  if (key === undefined) return { ...object, [name]: 1 };
  return { ...object, [key]: withKey(object[key], rest, name) };
}

/** Wrong in one way, and right in every other, so that it is this that must be noticed. */
export function badRequests(document: Document, ids: Ids): fc.Arbitrary<BadRequest> {
  const ofEach = document.operations.map((operation) => {
    const good = goodParts(document, operation, ids);
    const base = { operation, parts: good };
    const kinds: fc.Arbitrary<BadRequest>[] = [
      fc.constantFrom(...operation.missing).map((method) => {
        return { ...base, what: 'another method', method, statuses: [405] };
      }),
      fc.tuple(awkwardText, fc.ipV4()).map(([text, from]) => {
        const authorization = `Bearer ${/^[\x21-\x7e]+$/.test(text) ? text : wrongToken}`;
        const statuses = operation.path.match(/^\/(healthz|readyz|session)$/) ? [200, 204, 401] : [401];
        return {
          ...base,
          what: 'a wrong token',
          parts: { ...good, headers: { authorization } },
          statuses,
          from,
        };
      }),
      fc.domain().map((host) => {
        return { ...base, what: 'a foreign host', parts: { ...good, headers: { host } }, statuses: [403] };
      }),
      fc.tuple(fc.stringMatching(/^[a-z_]{1,12}$/), awkwardText).map(([name, text]) => {
        const known = operation.parameters.some((parameter) => parameter.name === name);
        const query = [...good.query, [known ? `${name}x` : name, text] as const];
        return { ...base, what: 'an unknown query field', parts: { ...good, query }, statuses: [400] };
      }),
    ];
    for (const parameter of operation.parameters.filter((one) => one.in !== 'header')) {
      const { name } = parameter;
      const wrong = awkwardText.filter(
        (text) => !acceptsText(document, parameter, Buffer.from(text).toString()),
      );
      if (parameter.in === 'query') {
        const others = good.query.filter(([other]) => other !== name);
        kinds.push(
          wrong.map((text) => {
            const query = [...others, [name, text] as const];
            return { ...base, what: `a wrong ${name}`, parts: { ...good, query }, statuses: [400] };
          }),
          fc.constant({
            ...base,
            what: `${name} twice`,
            parts: { ...good, query: [...good.query, [name, '1'], [name, '1']] },
            statuses: [400],
          }),
        );
      } else {
        // Nothing, `.` and `..` make another address.
        const kept = wrong.filter((text) => !/^\.{0,2}$/.test(text));
        kinds.push(
          kept.map((text) => {
            const path = { ...good.path, [name]: text };
            // What is longer than the router reads is no address.
            return { ...base, what: `a wrong ${name}`, parts: { ...good, path }, statuses: [400, 404, 414] };
          }),
          fc.uuid({ version: 7 }).map((id) => {
            const path = { ...good.path, [name]: parameter.schema.format === 'uuid' ? id : 'f'.repeat(64) };
            return {
              ...base,
              what: `an unknown ${name}`,
              parts: { ...good, path },
              statuses: [400, 404, 414],
            };
          }),
        );
      }
    }
    if (operation.body !== null) kinds.push(...badBodies(document, operation, good));
    if (operation.streams) {
      const headers = { accept: 'application/json' };
      kinds.push(
        awkwardText
          .filter((text) => !/^\d*$/.test(text) && /^[\x21-\x7e]+$/.test(text))
          .map((text) => {
            const parts = { ...good, headers: { 'last-event-id': text } };
            const reads = operation.path.includes('{');
            return reads
              ? { ...base, what: 'a wrong last-event-id', parts, statuses: [400] }
              : {
                  ...base,
                  what: 'a foreign host',
                  parts: { ...good, headers: { host: 'a.b' } },
                  statuses: [403],
                };
          }),
      );
      if (operation.path.includes('{')) {
        kinds.push(fc.constant({ ...base, what: 'no stream', parts: { ...good, headers }, statuses: [406] }));
      }
    }
    if (operation.method !== 'GET') {
      kinds.push(
        fc.constantFrom('cross-site', 'same-site', 'x').map((site) => {
          const parts = { ...good, headers: { 'sec-fetch-site': site } };
          return { ...base, what: 'another site', parts, statuses: [403] };
        }),
      );
    }
    // Most can go wrong where there is a body.
    return { arbitrary: fc.oneof(...kinds), weight: operation.body === null ? 1 : 3 };
  });
  return fc.oneof(...ofEach);
}

function badBodies(document: Document, operation: Operation, good: Parts): fc.Arbitrary<BadRequest>[] {
  const schema = operation.body!;
  const make = (what: string, body: unknown, statuses = [400, 422], headers = {}): BadRequest => ({
    operation,
    what,
    parts: { ...good, body, headers },
    statuses,
  });
  const refused = (body: unknown) =>
    !accepts(document.schemas, schema, JSON.parse(JSON.stringify(body) ?? 'null'));
  const text = JSON.stringify(good.body);
  const wrong = fc
    .tuple(fc.constantFrom(...places(good.body)), awkwardValue)
    .map(([place, value]) => withValue(good.body, place, value))
    .filter((body) => body !== undefined && typeof body !== 'string' && refused(body))
    .map((body) => make('a wrong body', body));
  return [
    ...Array(8).fill(wrong),
    fc
      .tuple(
        fc.constantFrom(...places(good.body).filter((place) => isPlainObject(good.body, place))),
        fc.constantFrom('extra', 'toString', 'hasOwnProperty', 'ID', ' ', ''),
      )
      .map(([place, name]) => make('an unknown field', withKey(good.body, place, name))),
    fc
      .integer({ min: 0, max: Math.max(0, text.length - 1) })
      .map((length) => make('half a body', text.slice(0, length), [400])),
    fc
      .string({ unit: 'binary' })
      .filter(isNoJson)
      .map((junk) => make('no JSON', junk, [400])),
    fc
      .constantFrom(
        'text/plain',
        'application/xml',
        'multipart/form-data',
        'application/x-www-form-urlencoded',
        'x',
      )
      .map((type) => make('another type', text, [415], { 'content-type': type })),
    fc
      .constantFrom('__proto__', 'constructor')
      .map((name) => make('a poisoned key', `{"${name}":{"prototype":{}},${text.slice(1)}`, [400])),
    fc
      .integer({ min: 1000, max: 20_000 })
      .map((depth) => make('nesting', `{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`)),
    fc.constant(make('a large body', ' '.repeat(270_000) + text, [413])),
  ];
}

function isPlainObject(value: unknown, place: readonly string[]): boolean {
  const found = place.reduce((inner, key) => (inner as Record<string, unknown>)[key], value);
  return typeof found === 'object' && found !== null && !Array.isArray(found);
}

function isNoJson(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}
