import type { Prisma } from '@bitkiln/lifecycle';
import type { Winner } from '../../../schemas/winner.ts';
import { reasonOf } from './reason.ts';

export const winnerInclude = {
  model: {
    select: {
      testCorrect: true,
      testTotal: true,
      jsonSha256: true,
      h5Sha256: true,
      version: true,
      createdAt: true,
      trial: { select: { id: true, index: true, stageName: true, numericsId: true, reproducible: true } },
    },
  },
  stages: {
    orderBy: { position: 'desc' },
    take: 1,
    include: { selection: { include: { scores: { orderBy: { index: 'asc' } } } } },
  },
} satisfies Prisma.ExperimentInclude;

type WinnerRow = Prisma.ExperimentGetPayload<{ include: typeof winnerInclude }>;
type SelectionRow = NonNullable<WinnerRow['stages'][number]['selection']>;

export interface FileSizes {
  readonly json: number;
  readonly h5: number;
}

/** The winner as it is replied, of an experiment whose model is there. */
export function toWinner(row: WinnerRow, sizes: FileSizes): Winner {
  const model = present(row.model, 'model', row.id);
  const stage = present(row.stages[0], 'stage', row.id);
  const selection = present(stage.selection, 'selection', row.id);
  const { trial } = model;
  const scores = selection.scores.map((entry) => toScored(entry, selection));
  const entry = present(
    selection.scores.find(({ trialId }) => trialId === trial.id),
    'score',
    row.id,
  );
  const chosen = toScored(entry, selection);
  const runnerUp = scores.find(({ trialId }) => trialId === selection.runnerUpTrialId) ?? null;
  // The recorded reason counts the finished trials: ours calls them by their place in the stage.
  const { reason: _, ...details } = selection.details as Record<string, unknown>;
  const audit: Winner['selection'] = {
    rule: selection.rule,
    stage: stage.name,
    images: selection.images,
    weight: selection.weight,
    details,
    scores,
  };
  const files = `/experiments/${row.id}/best`;
  return {
    experimentId: row.id,
    trialId: trial.id,
    index: trial.index,
    network: row.network,
    strategy: row.strategy,
    budgetBytes: row.budgetBytes,
    weightBytes: row.weightBytes,
    activationBytes: row.activationBytes,
    totalBytes: row.weightBytes + row.activationBytes,
    validationLoss: chosen.validationLoss,
    validationAccuracy: chosen.validationAccuracy,
    validationCorrect: entry.correct,
    validationTotal: selection.images,
    testAccuracy: model.testCorrect / model.testTotal,
    testCorrect: model.testCorrect,
    testTotal: model.testTotal,
    score: chosen.score,
    runnerUp,
    reason: reasonOf(audit, trial.id, runnerUp?.trialId ?? null),
    selection: audit,
    provenance: {
      experimentId: row.id,
      trialId: trial.id,
      seeds: { experiment: Number(row.seed), stage: trial.stageName, trial: trial.index },
      numericsId: present(trial.numericsId, 'numerics id', row.id),
      reproducible: present(trial.reproducible, 'numerics id', row.id),
      dataHash: present(row.dataHash, 'data hash', row.id),
      version: model.version,
    },
    models: {
      json: { href: `${files}/model.json`, sizeBytes: sizes.json, sha256: model.jsonSha256 },
      h5: { href: `${files}/model.h5`, sizeBytes: sizes.h5, sha256: model.h5Sha256 },
    },
    createdAt: model.createdAt.toISOString(),
  };
}

function toScored(
  { trialId, index, loss, correct, score }: SelectionRow['scores'][number],
  { images }: SelectionRow,
): Winner['selection']['scores'][number] {
  return { trialId, index, validationLoss: loss, validationAccuracy: correct / images, score };
}

/** The life cycle writes all of a winner in one transaction: a part that lacks is a fault, not a state. */
function present<T>(value: T | null | undefined, what: string, experimentId: string): T {
  if (value === null || value === undefined) {
    throw new Error(`experiment ${experimentId} has a winner without its ${what}`);
  }
  return value;
}
