import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { version } from '../../version.ts';

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
        tags: [
          { name: 'experiments', description: 'Start, follow and cancel experiments' },
          { name: 'trials', description: 'One trained network each, with its epochs' },
          { name: 'models', description: 'The winner and its files' },
          { name: 'datasets', description: 'What networks are trained on' },
          { name: 'fleet', description: 'Workers' },
          { name: 'service', description: 'Health and metrics' },
        ],
      },
      transform: jsonSchemaTransform,
      transformObject: jsonSchemaTransformObject,
    });
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      logLevel: 'warn',
      staticCSP: true,
      // The service speaks plain HTTP: a page told to fetch its scripts by HTTPS would stay empty.
      transformStaticCSP: (header) => header.replace('upgrade-insecure-requests;', '').trim(),
    });
  },
  { name: 'swagger', dependencies: ['helmet', 'zod'] },
);
