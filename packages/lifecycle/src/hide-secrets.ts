/** API tokens and the credentials of URLs. */
const secrets: readonly (readonly [RegExp, string])[] = [
  [/bitkiln_[\w-]{22}_[\w-]{43}/g, 'bitkiln_[hidden]'],
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@"]+@/gi, '$1[hidden]@'],
];

/** A line of a log without the secrets that got into it: from an address bar, from an error's message. */
export function hideSecrets(line: string): string {
  return secrets.reduce((text, [secret, shown]) => text.replaceAll(secret, shown), line);
}
