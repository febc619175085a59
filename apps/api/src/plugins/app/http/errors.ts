import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { databaseProblem } from '../../../problems/database-problem.ts';
import { Problem, problemDocument } from '../../../problems/problem.ts';
import { discardBody } from './discard-body.ts';

const tooLarge = 'FST_ERR_CTP_BODY_TOO_LARGE';

/** Answers every error as a problem document; what is not meant for the caller goes to the log alone. */
export default fp(
  async (app: FastifyInstance) => {
    app.setErrorHandler(async (error, request, reply) => {
      if ((error as Partial<FastifyError>).code === tooLarge) await discardBody(request.raw);
      return sendError(error, request, reply);
    });
    app.setNotFoundHandler((request, reply) => sendProblem(unknownRoute(request), request, reply));
  },
  { name: 'errors' },
);

/** Also fit for errors before routing, such as an address that can't be decoded. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, request);
  if (problem.statusCode >= 500) request.log.error({ err: error }, 'request failed');
  return sendProblem(problem, request, reply);
}

function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (problem.statusCode === 503) reply.header('retry-after', '2');
  return reply
    .code(problem.statusCode)
    .header('x-request-id', request.id)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problemDocument(problem, request.id));
}

function unknownRoute(request: FastifyRequest): Problem {
  const path = request.url.split('?')[0] ?? '';
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return new Problem({
    kind: 'not-found',
    status: 404,
    title: 'There is no such resource',
    detail: `${shown} is not a route; the routes are listed at /docs`,
  });
}

function toProblem(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  const unavailable = databaseProblem(error);
  if (unavailable !== null) return unavailable;
  const { code, statusCode, message } = error as Partial<FastifyError>;
  switch (code) {
    case tooLarge:
      return bodyTooLarge(request);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return unsupportedMediaType(request);
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new Problem({
        kind: 'invalid-request',
        status: 414,
        title: 'The address is too long',
        detail: 'a part of the address is too long to be an id',
      });
    case 'FST_ERR_HANDLER_TIMEOUT':
      return new Problem({
        kind: 'unavailable',
        status: 503,
        title: 'The service is too busy',
        detail: 'the reply took too long; try again',
      });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem({
      kind: 'invalid-request',
      status: statusCode,
      title: 'The request is not valid',
      detail: message ?? 'the request is not valid',
    });
  }
  return new Problem({
    kind: 'internal-error',
    status: 500,
    title: 'The service failed',
    detail: `an unexpected error; the service's log has it under request ${request.id}`,
  });
}

function bodyTooLarge(request: FastifyRequest): Problem {
  const limit = request.routeOptions.bodyLimit;
  const length = request.headers['content-length'];
  return new Problem({
    kind: 'body-too-large',
    status: 413,
    title: 'The body is too large',
    detail: `the body has ${length === undefined ? 'too many' : length} bytes, expected at most ${limit}`,
    members: { limitBytes: limit },
  });
}

function unsupportedMediaType(request: FastifyRequest): Problem {
  const got = request.headers['content-type'];
  return new Problem({
    kind: 'unsupported-media-type',
    status: 415,
    title: 'The body is not of a type that is read here',
    detail: `content-type is ${got === undefined ? 'missing' : JSON.stringify(got)}, expected application/json`,
  });
}
