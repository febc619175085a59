import { createHash } from 'node:crypto';
import {
  type DatasetInfo,
  type ElasticSettings,
  elasticVersion,
  majorElastic,
  minorElastic,
  printNetwork,
  type StageSettings,
} from '@bitkiln/core';
import type { NumericsId } from '@bitkiln/trainer';
import { DatasetError } from '../dataset-error.ts';
import type { SetSummary } from '../image-set.ts';
import { teacherNetwork, teacherSettings } from './teacher-network.ts';

/** How an experiment's training images are augmented. */
export const augmentations = ['none', 'elastic', 'published'] as const;
export type Augmentation = (typeof augmentations)[number];

/** Everything that an augmented set is a function of: equal recipes make equal bytes. */
export interface Recipe {
  readonly augmentation: 'elastic' | 'published';
  /** Raised whenever the same recipe would otherwise make other bytes. */
  readonly version: number;
  readonly elasticVersion: number;
  /** SHA-256 of the set that is augmented. */
  readonly dataset: string;
  readonly seed: number;
  readonly minor: ElasticSettings & { readonly copies: number };
  readonly major: ElasticSettings & { readonly copies: number };
  /** Images drawn from the candidates. */
  readonly drawn: number;
  /** Who filtered the candidates; null where nobody did. */
  readonly teacher: TeacherRecipe | null;
}

export interface TeacherRecipe {
  /** Compact notation. */
  readonly network: string;
  readonly first: StageSettings;
  readonly second: StageSettings;
  readonly numerics: Pick<NumericsId, 'trainer' | 'definition' | 'options'>;
}

/**
 * Refuses an augmentation that there is none of, or that images of this size can't have.
 * @throws DatasetError
 */
export function checkAugmentation(
  info: DatasetInfo,
  augmentation: string,
): asserts augmentation is Augmentation {
  if (!augmentations.some((known) => known === augmentation)) {
    const expected = `one of ${augmentations.join(', ')}`;
    throw new DatasetError({ source: info.name, field: 'augmentation', value: augmentation, expected });
  }
  if (augmentation === 'published') teacherNetwork(info);
}

const version = 1;
const minorCopies = 3;
const majorCopies = 1;

/**
 * The published construction for a set: each training image with three small deformations, one large deformation
 * each, and as many drawn as the first part holds.
 * @param numerics the teacher's; null makes the set without its filter
 * @throws DatasetError where the images are too small for the teacher
 */
export function augmentationRecipe(dataset: SetSummary, numerics: NumericsId | null): Recipe {
  return {
    augmentation: numerics === null ? 'elastic' : 'published',
    version,
    elasticVersion,
    dataset: dataset.sha256,
    seed: 0,
    minor: { ...minorElastic, copies: minorCopies },
    major: { ...majorElastic, copies: majorCopies },
    drawn: dataset.train.count * augmentedShare('elastic'),
    teacher: numerics === null ? null : teacherRecipe(dataset, numerics),
  };
}

function teacherRecipe(dataset: DatasetInfo, { trainer, definition, options }: NumericsId): TeacherRecipe {
  return {
    network: printNetwork(teacherNetwork(dataset)),
    ...teacherSettings,
    numerics: { trainer, definition, options },
  };
}

/** How many training images a set has for each of its own once it is augmented. */
export function augmentedShare(augmentation: string): number {
  return augmentation === 'none' ? 1 : 1 + minorCopies;
}

/** A recipe's name on disk. */
export function recipeKey(recipe: Recipe): string {
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex');
}
