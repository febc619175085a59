import type { FastifyInstance, FastifySchemaCompiler } from 'fastify';
import fp from 'fastify-plugin';
import { serializerCompiler } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { RequestPart } from '../../problems/problem.ts';
import { zodProblem } from '../../problems/zod-problem.ts';
import { object } from '../../schemas/fields.ts';

const parts: Readonly<Record<string, RequestPart>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};

/** Validates requests and serializes replies by zod schemas; a refused request names field, value and expectation. */
export default fp(
  async (app: FastifyInstance) => {
    app.setValidatorCompiler(validatorCompiler);
    app.setSerializerCompiler(serializerCompiler);
    // A field that no route knows is a mistake of its sender, in a query as well as in a body.
    app.addHook('onRoute', (route) => {
      if (route.schema !== undefined && !route.schema.hide) route.schema.querystring ??= object({});
    });
  },
  { name: 'zod' },
);

const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart }) =>
  (data) => {
    const result = schema.safeParse(data);
    if (result.success) return { value: result.data };
    return { error: zodProblem(parts[httpPart ?? 'body'] ?? 'body', data, result.error.issues) };
  };
