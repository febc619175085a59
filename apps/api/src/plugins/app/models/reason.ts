import { explainSelection, type ZScoreSelection } from '@bitkiln/core';
import type { Winner } from '../../../schemas/winner.ts';

type Audit = Winner['selection'];

/** Why a trial won, told from the record of the choice alone; trials are called by their place in the stage. */
export function reasonOf(audit: Audit, chosenId: string, runnerUpId: string | null): string {
  const place = (id: string) => audit.scores.findIndex(({ trialId }) => trialId === id);
  const standings = audit.scores.map(({ validationLoss, validationAccuracy, score }) => ({
    loss: validationLoss,
    accuracy: validationAccuracy,
    score: score ?? 0,
  }));
  const selection = {
    ...audit.details,
    images: audit.images,
    weight: audit.weight,
    index: place(chosenId),
    runnerUp: runnerUpId === null ? null : place(runnerUpId),
    standings,
  } as unknown as ZScoreSelection;
  return explainSelection(
    selection,
    audit.scores.map(({ index }) => index),
  );
}
