/** Bad usage: the command line or a file it names is wrong; exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}
