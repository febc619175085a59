import type { FastifyServerOptions } from 'fastify';

/** API tokens and the credentials of URLs, wherever a line has them: an address bar, an error's message. */
const secrets: readonly (readonly [RegExp, string])[] = [
  [/bitkiln_[\w-]{22}_[\w-]{43}/g, 'bitkiln_[hidden]'],
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@"]+@/gi, '$1[hidden]@'],
];

/** How the service logs: every line is rid of secrets before it is written. */
export function logOptions(level: string): Exclude<FastifyServerOptions['logger'], boolean | undefined> {
  return { level, hooks: { streamWrite: hideSecrets } };
}

export function hideSecrets(line: string): string {
  return secrets.reduce((text, [secret, shown]) => text.replaceAll(secret, shown), line);
}
