import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { Problem } from '../../../problems/problem.ts';

/** JSON is the one body that the API reads; text that is no JSON is answered with what the parser tripped over. */
export default fp(
  async (app: FastifyInstance) => {
    const parse = app.getDefaultJsonParser('error', 'error');
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
      const text = body.toString();
      return parse(request, text, (error, value) => (error ? done(malformedBody(text)) : done(null, value)));
    });
  },
  { name: 'json-body' },
);

function malformedBody(text: string): Problem {
  return new Problem({
    kind: 'malformed-body',
    status: 400,
    title: 'The body is not valid JSON',
    detail: text === '' ? 'the body is empty, expected JSON' : `expected JSON: ${fault(text)}`,
  });
}

function fault(text: string): string {
  try {
    JSON.parse(text);
  } catch (error) {
    return (error as SyntaxError).message;
  }
  return 'a key named __proto__ or constructor is not accepted';
}
