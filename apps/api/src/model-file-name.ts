const longestName = 60;

/**
 * A name that is safe in a header and on any file system, whatever the experiment is called:
 * `mnist-quick-trial-3-0198c0de….json`.
 */
export function modelFileName(
  experimentName: string,
  experimentId: string,
  trialIndex: number,
  extension: string,
): string {
  const words = experimentName
    .normalize('NFKD')
    .toLowerCase()
    .match(/[a-z0-9]+/g);
  const name = (words ?? ['bitkiln']).join('-').slice(0, longestName).replace(/-$/, '');
  return `${name}-trial-${trialIndex}-${experimentId}.${extension}`;
}
