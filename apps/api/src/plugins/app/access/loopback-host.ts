import { isLoopback } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';
import { Problem } from '../../../problems/problem.ts';

/**
 * Where no token is asked for, answers only requests that call the service by a name of its own host. A page of
 * another site whose name is made to resolve to 127.0.0.1 (DNS rebinding) runs in a browser that the service trusts,
 * but its requests still carry the name it came from.
 */
export function answerOnlyLoopbackHosts(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const { host } = request.headers;
    if (host !== undefined && namesLoopback(host)) return;
    throw new Problem({
      kind: 'host-not-allowed',
      status: 403,
      title: 'The service does not answer to this host name',
      detail:
        `host is ${host === undefined ? 'missing' : JSON.stringify(host)}, expected localhost or a loopback ` +
        'address; with REQUIRE_TOKEN=yes the service answers to any name',
    });
  });
}

function namesLoopback(host: string): boolean {
  if (!/^[\w.:[\]-]+$/.test(host) || !URL.canParse(`http://${host}`)) return false;
  const name = new URL(`http://${host}`).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return isLoopback(name) || name.endsWith('.localhost');
}
