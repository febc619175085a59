import {
  augmentationStream,
  type Dataset,
  drawIndices,
  elements,
  type ImageSet,
  type Shape,
} from '@bitkiln/core';
import { classifyImages, type Trainer } from '@bitkiln/trainer';
import { DatasetError } from '../dataset-error.ts';
import { datasetSha256, sharedBytes } from '../image-set.ts';
import type { DataProgress, Watch } from '../progress.ts';
import { makeCandidates } from './candidates.ts';
import { type FilterReport, keepRecognized } from './filter.ts';
import type { Recipe, TeacherRecipe } from './recipe.ts';
import { type TeacherOrder, type TeacherReport, trainTeacher } from './teacher.ts';

/** How an augmented set came about; stands beside it on disk. */
export interface BuildReport {
  /** Candidates drawn of each kind; the small deformations contain the images themselves. */
  readonly drawn: { readonly minor: number; readonly major: number };
  /** Null where nobody filtered. */
  readonly filter: {
    readonly firstTeacher: TeacherReport;
    readonly minor: FilterReport;
    readonly secondTeacher: TeacherReport;
    readonly major: FilterReport;
  } | null;
}

/**
 * Makes the augmented set of a recipe: other training images, the same validation and test images.
 * @param trainer of the teacher; needed where the recipe has a teacher
 * @throws DatasetError where the filter leaves too few images; the watch's reason once it is aborted
 */
export async function buildAugmented(
  dataset: Dataset,
  recipe: Recipe,
  trainer: Trainer | null,
  watch: Watch,
): Promise<{ readonly dataset: Dataset; readonly report: BuildReport }> {
  const { shape, train } = dataset;
  const { seed } = recipe;
  const small = {
    train,
    shape,
    seed,
    purpose: 'minor',
    settings: recipe.minor,
    withOriginals: true,
  } as const;
  const large = {
    train,
    shape,
    seed,
    purpose: 'major',
    settings: recipe.major,
    withOriginals: false,
  } as const;
  let minor = await makeCandidates({ ...small, phase: 'small deformations' }, watch);
  let major: ImageSet;
  let filter: BuildReport['filter'] = null;
  if (recipe.teacher === null) {
    major = await makeCandidates({ ...large, phase: 'large deformations' }, watch);
  } else {
    if (trainer === null) throw new Error('the recipe has a teacher, but there is no trainer for it');
    const teach = createFilter(dataset, recipe.teacher, seed, trainer, watch);
    const first = await teach('first', train, minor);
    minor = first.kept;
    major = await makeCandidates({ ...large, phase: 'large deformations' }, watch);
    const second = await teach('second', minor, major);
    major = second.kept;
    filter = {
      firstTeacher: first.teacher,
      minor: first.report,
      secondTeacher: second.teacher,
      major: second.report,
    };
  }
  watch.onProgress?.({ phase: 'drawing', done: 0, total: recipe.drawn });
  const { drawn, fromMinor } = drawImages(dataset, recipe, minor, major);
  const parts = { ...dataset, train: drawn };
  return {
    dataset: { ...parts, sha256: datasetSha256(parts) },
    report: { drawn: { minor: fromMinor, major: drawn.count - fromMinor }, filter },
  };
}

/** Trains one of the two teachers and throws out the candidates that it gets wrong. */
function createFilter(dataset: Dataset, recipe: TeacherRecipe, seed: number, trainer: Trainer, watch: Watch) {
  return async (which: 'first' | 'second', train: ImageSet, candidates: ImageSet) => {
    const trialIndex = which === 'first' ? 0 : 1;
    const phase = `${which} teacher` as const;
    const order: TeacherOrder = { dataset, train, settings: recipe[which], seed, trialIndex, phase };
    const teacher = await trainTeacher(trainer, order, watch);
    const filtering: DataProgress['phase'] =
      which === 'first' ? 'filtering small deformations' : 'filtering large deformations';
    const { signal } = watch;
    const predicted = await classifyImages(teacher.program, 'float', teacher.parameters, candidates, {
      onProgress: (done) => watch.onProgress?.({ phase: filtering, done, total: candidates.count }),
      ...(signal === undefined ? {} : { signal }),
    });
    const { kept, report } = keepRecognized(candidates, predicted, dataset.classes);
    const removed = report.candidates - report.kept;
    const note = `${removed} thrown out; by class: ${report.removedByClass.join(', ')}`;
    watch.onProgress?.({ phase: filtering, done: candidates.count, total: candidates.count, note });
    return { kept, report, teacher: teacher.report };
  };
}

/** Draws the training images from both kinds of candidates, in ascending order with the small ones first. */
function drawImages({ name, shape }: Dataset, recipe: Recipe, minor: ImageSet, major: ImageSet) {
  const left = minor.count + major.count;
  if (left < recipe.drawn) {
    const expected = `at least the ${recipe.drawn} to be drawn: the teacher is too weak for this set`;
    throw new DatasetError({ source: name, field: 'images left by the filter', value: left, expected });
  }
  const indices = drawIndices(recipe.drawn, left, augmentationStream(recipe.seed, 'selection'));
  const firstMajor = indices.findIndex((index) => index >= minor.count);
  const fromMinor = firstMajor === -1 ? indices.length : firstMajor;
  return { drawn: pickImages(minor, major, shape, indices), fromMinor };
}

function pickImages(first: ImageSet, second: ImageSet, shape: Shape, indices: Uint32Array): ImageSet {
  const imageBytes = elements(shape);
  const images = sharedBytes(indices.length * imageBytes);
  const labels = sharedBytes(indices.length);
  for (const [place, index] of indices.entries()) {
    const set = index < first.count ? first : second;
    const at = index < first.count ? index : index - first.count;
    images.set(set.images.subarray(at * imageBytes, (at + 1) * imageBytes), place * imageBytes);
    labels[place] = set.labels[at]!;
  }
  return { images, labels, count: indices.length };
}
