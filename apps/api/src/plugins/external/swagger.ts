import swagger, { type SwaggerTransform } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { problems } from '../../schemas/problem.ts';
import { version } from '../../version.ts';
import { declareRole, undeclaredRole } from '../app/access/route-role.ts';

/** OpenAPI 3.1 derived from the routes' schemas: the page at /docs, the document at /docs/json. */
export default fp(
  async (app: FastifyInstance) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'bitkiln',
          description:
            'Searches kilobyte-size quantized networks: experiments, their trials, and the winner.',
          version,
          license: { name: 'MIT', identifier: 'MIT' },
        },
        components: {
          securitySchemes: {
            token: { type: 'http', scheme: 'bearer', description: 'An API token; not asked for on loopback' },
          },
        },
        tags: [
          { name: 'experiments', description: 'Start, follow and cancel experiments' },
          { name: 'trials', description: 'One trained network each, with its epochs' },
          { name: 'models', description: 'The winner and its files' },
          { name: 'datasets', description: 'What networks are trained on' },
          { name: 'fleet', description: 'Workers' },
          { name: 'service', description: 'Health and metrics' },
        ],
      },
      transform: withAccess,
      transformObject: jsonSchemaTransformObject,
    });
    await app.register(async (scope) => {
      declareRole(scope, 'read');
      await scope.register(swaggerUi, {
        routePrefix: '/docs',
        logLevel: 'warn',
        staticCSP: true,
        // The service speaks plain HTTP: a page told to fetch its scripts by HTTPS would stay empty.
        transformStaticCSP: (header) => header.replace('upgrade-insecure-requests;', '').trim(),
      });
    });
  },
  { name: 'swagger', dependencies: ['helmet', 'zod'] },
);

/** Documents the role that a route asks for, and how it answers those who lack it. */
const withAccess: SwaggerTransform = (route) => {
  const role = route.route.config?.role ?? undeclaredRole;
  if (role === 'public' || route.schema === undefined) return jsonSchemaTransform(route);
  const response = { ...problems(401, 403, 429), ...(route.schema.response as object | undefined) };
  return jsonSchemaTransform({
    ...route,
    schema: { ...route.schema, response, security: [{ token: [role] }] },
  });
};
