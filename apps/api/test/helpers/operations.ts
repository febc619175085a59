import type { FastifyInstance, InjectOptions } from 'fastify';
import { referenceWithBits, tiny } from './bodies.ts';
import { accepts, type JsonSchema, sample } from './json-schema.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: JsonSchema;
  readonly required?: boolean;
}

/** One method of one address, as the API's own document describes it. */
export interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Null where it takes no body. */
  readonly body: JsonSchema | null;
  /** Whether a request that it accepts is answered by a stream. */
  readonly streams: boolean;
  /** Methods that the address lacks. */
  readonly missing: readonly string[];
}

export interface Document {
  readonly operations: readonly Operation[];
  readonly schemas: Record<string, JsonSchema>;
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

interface Described {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: JsonSchema }> };
  readonly responses: Record<string, { readonly content?: object }>;
}

export async function readDocument(app: FastifyInstance): Promise<Document> {
  const { paths, components } = (await app.inject('/docs/json')).json() as {
    paths: Record<string, Record<string, Described>>;
    components: { schemas: Record<string, JsonSchema> };
  };
  const operations = Object.entries(paths).flatMap(([path, described]) =>
    Object.entries(described).map(([method, { parameters = [], requestBody, responses }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json']?.schema ?? null,
      streams: Object.values(responses).some(({ content = {} }) => 'text/event-stream' in content),
      missing: methods.filter((other) => !(other.toLowerCase() in described)),
    })),
  );
  return { operations, schemas: components.schemas };
}

/** Whether the document accepts a text in an address, where numbers are written as text. */
export function acceptsText({ schemas }: Document, { schema }: Parameter, text: string): boolean {
  const numeric = schema.type === 'integer' || schema.type === 'number';
  if (!numeric) return accepts(schemas, schema, text);
  return /^\d+$/.test(text) && accepts(schemas, schema, Number(text));
}

const experimentBody = {
  ...tiny,
  network: referenceWithBits,
  dataset: 'mnist',
  augmentation: 'none',
  budgetBytes: 2048,
  strategy: 'herringbone',
  protocol: {
    ...tiny.protocol,
    float: { trials: 3, epochs: 2, batchSize: 64, learningRate: { initial: 0.01, decay: 0.9, minimum: 0 } },
  },
};

/** A body with nothing wrong in it; undefined where the operation takes none. */
export function goodBody({ schemas }: Document, { body }: Operation): unknown {
  if (body === null) return undefined;
  const good = String(body.$ref).endsWith('/ExperimentRequestInput') ? experimentBody : sample(schemas, body);
  if (!accepts(schemas, body, good)) throw new Error(`no good body for ${JSON.stringify(body)}`);
  return good;
}

export interface Ids {
  readonly experiment: string;
  readonly trial: string;
}

/** What a request is made of. */
export interface Parts {
  readonly path: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The parts of a request in which nothing is wrong, to ids that exist. */
export function goodParts(document: Document, operation: Operation, ids: Ids): Parts {
  const path = operation.parameters
    .filter((parameter) => parameter.in === 'path')
    .map(({ name, schema }) => {
      if (schema.format !== 'uuid') return [name, '0'.repeat(64)] as const;
      const noun = new RegExp(`/(\\w+)/\\{${name}\\}`).exec(operation.path)?.[1];
      return [name, noun === 'trials' ? ids.trial : ids.experiment] as const;
    });
  const query = operation.parameters
    .filter((parameter) => parameter.in === 'query' && parameter.required)
    .map(({ name, schema }) => [name, String(sample(document.schemas, schema))] as const);
  return {
    path: Object.fromEntries(path),
    query,
    headers: {},
    body: goodBody(document, operation),
  };
}

/** The request as it is injected; a body that is text goes out as it is. */
export function toRequest({ method, path }: Operation, parts: Parts): InjectOptions {
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => escaped(parts.path[name]!));
  const query = new URLSearchParams(
    parts.query.map(([name, value]) => [name, value] as [string, string]),
  ).toString();
  const { body } = parts;
  return {
    method: method as NonNullable<InjectOptions['method']>,
    url: query === '' ? address : `${address}?${query}`,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...parts.headers,
    },
    ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
}

/** Half a surrogate pair has no place in an address: it becomes U+FFFD. */
function escaped(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}
