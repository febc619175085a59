import { parseArgs } from 'node:util';
import { compareWinners } from './compare-winners.ts';
import { findDuplicated } from './find-duplicated.ts';
import { findLost } from './find-lost.ts';
import { findStale } from './find-stale.ts';
import type { Findings, ProblemKind } from './findings.ts';
import { readHistory } from './history.ts';

/**
 * Reads what a run left in Postgres, in the workers' logs and in the driver's file of acknowledged submissions, and
 * says on its last line what is wrong with it. Exit code 1 where anything is.
 */
const { values } = parseArgs({
  options: { database: { type: 'string' }, undisturbed: { type: 'string' }, folder: { type: 'string' } },
});
const { database, undisturbed, folder } = values;
if (database === undefined || undisturbed === undefined || folder === undefined) {
  console.error('usage: main.ts --database URL --undisturbed URL --folder FOLDER');
  process.exit(2);
}
const history = await readHistory(database, folder);
const problems = [
  ...findLost(history),
  ...findDuplicated(history),
  ...findStale(history),
  ...compareWinners(history, await readHistory(undisturbed, null)),
];
const count = (kind: ProblemKind) => problems.filter((problem) => problem.kind === kind).length;
const findings: Findings = {
  lost: count('lost'),
  duplicated: count('duplicated'),
  staleWrites: count('stale'),
  winnerBytesEqual: count('winner') === 0 && history.models.length > 0,
  experiments: history.experiments.length,
  trials: history.trials.length,
  epochs: history.epochs.length,
  attempts: history.attempts.length,
  staleAttemptsRefused: history.logs.filter(({ msg }) => msg.includes('nothing more is written')).length,
  problems: problems.map(({ text }) => text),
};
console.log(JSON.stringify(findings));
process.exitCode = problems.length > 0 || !findings.winnerBytesEqual ? 1 : 0;
