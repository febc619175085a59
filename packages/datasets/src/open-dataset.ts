import type { Dataset } from '@bitkiln/core';
import { createTrainer, type TrainerSpec } from '@bitkiln/trainer';
import { type BuildReport, buildAugmented } from './augmented/build.ts';
import {
  type Augmentation,
  augmentationRecipe,
  checkAugmentation,
  type Recipe,
  recipeKey,
} from './augmented/recipe.ts';
import { type DataFolders, dataFolders } from './data-folders.ts';
import { DatasetError } from './dataset-error.ts';
import type { SetSummary } from './image-set.ts';
import type { Watch } from './progress.ts';
import { datasetNames, findSet, inHand, type KnownSet, listDatasets } from './registry.ts';
import type { DatasetSource } from './remote/dataset-source.ts';
import { fetchDataset } from './remote/fetch-dataset.ts';
import { withBuildLock } from './store/build-lock.ts';
import {
  loadStored,
  readRecipeFile,
  recipeLock,
  storeDataset,
  writeRecipeFile,
} from './store/dataset-store.ts';

export interface OpenOptions extends Watch {
  readonly folders?: DataFolders;
  /** The hash that the data must have, where an experiment has begun with some. */
  readonly sha256?: string | null;
  /** Where a host without the set gets it; without it only what the host has can be opened. */
  readonly source?: DatasetSource | null;
}

/** What stands beside an augmented set in the cache. */
export interface RecipeFile {
  readonly sha256: string;
  readonly recipe: Recipe;
  readonly report: BuildReport;
}

/** Whatever trains the trials, the teacher's bytes are those of plain kiln, so every host makes the same set. */
const teacherTrainer: TrainerSpec = { trainer: 'kiln' };

/**
 * The images of an experiment, in shared memory: a data set by name, augmented. What is augmented is kept in the
 * cache and made once for all the workers of a host; a host that lacks the set fetches it.
 * @throws DatasetError where there is no such set, it can't be read, or it is not the one of the hash asked for
 */
export async function openDataset(
  name: string,
  augmentation: string,
  options: OpenOptions = {},
): Promise<Dataset> {
  const { folders = dataFolders(), sha256 = null, source = null } = options;
  if (sha256 !== null) {
    const stored = await loadStored(folders.cache, name, sha256, options);
    if (stored !== null) return stored;
  }
  const base = await baseSet(name, folders, options);
  checkAugmentation(base.summary, augmentation);
  const opened =
    augmentation === 'none' ? await base.load() : await augmentedSet(base, augmentation, folders, options);
  if (sha256 === null || opened.sha256 === sha256) return opened;
  const fetched = source === null ? null : await fetchDataset(folders.cache, source, name, sha256, options);
  if (fetched !== null) return fetched;
  const field = augmentation === 'none' ? 'SHA-256' : `SHA-256 with augmentation ${augmentation}`;
  throw new DatasetError({ source: `data set ${name}`, field, value: opened.sha256, expected: sha256 });
}

/** How an augmented set of this host came about, as its builder wrote it down; null where it was not made here. */
export async function readReport(
  base: SetSummary,
  augmentation: Exclude<Augmentation, 'none'>,
  folders: DataFolders = dataFolders(),
): Promise<RecipeFile | null> {
  const { recipe } = await recipeOf(base, augmentation);
  return (await readRecipeFile(folders.cache, recipeKey(recipe))) as RecipeFile | null;
}

async function recipeOf(base: SetSummary, augmentation: Exclude<Augmentation, 'none'>) {
  const trainer = augmentation === 'published' ? await createTrainer(teacherTrainer) : null;
  return { trainer, recipe: augmentationRecipe(base, trainer?.numericsId ?? null) };
}

/** The set to augment. For a user's own set the source, where there is one, decides which set has the name. */
async function baseSet(name: string, folders: DataFolders, options: OpenOptions): Promise<KnownSet> {
  const { source = null, signal } = options;
  const here = await findSet(name, folders);
  if (here !== null && (source === null || datasetNames.includes(name))) return here;
  const described = source === null ? null : await source.describe(name, signal);
  if (here !== null && (described === null || described.sha256 === here.summary.sha256)) return here;
  if (source !== null && described !== null) {
    const fetched = await fetchDataset(folders.cache, source, name, described.sha256, options);
    if (fetched !== null) return inHand(fetched);
  }
  const expected = `one of ${(await listDatasets(folders)).join(', ')}${source === null ? '' : ', or one of the API'}`;
  throw new DatasetError({ source: 'data set', field: 'name', value: name, expected });
}

async function augmentedSet(
  base: KnownSet,
  augmentation: Exclude<Augmentation, 'none'>,
  folders: DataFolders,
  options: OpenOptions,
): Promise<Dataset> {
  const { source = null, sha256 = null } = options;
  const { recipe, trainer } = await recipeOf(base.summary, augmentation);
  const { name } = base.summary;
  const key = recipeKey(recipe);
  const built = await builtSet(name, key, folders.cache, options);
  if (built !== null) return built;
  if (source !== null && sha256 !== null) {
    const fetched = await fetchDataset(folders.cache, source, name, sha256, options);
    if (fetched !== null) return fetched;
  }
  return withBuildLock(recipeLock(folders.cache, key), options, async () => {
    const meanwhile = await builtSet(name, key, folders.cache, options);
    if (meanwhile !== null) return meanwhile;
    const { dataset, report } = await buildAugmented(await base.load(), recipe, trainer, options);
    options.onProgress?.({ phase: 'storing', done: 0, total: 1 });
    await storeDataset(folders.cache, dataset);
    await writeRecipeFile(folders.cache, key, {
      sha256: dataset.sha256,
      recipe,
      report,
    } satisfies RecipeFile);
    options.onProgress?.({ phase: 'storing', done: 1, total: 1 });
    return dataset;
  });
}

/** The set that an earlier builder of the recipe left. */
async function builtSet(name: string, key: string, cache: string, watch: Watch): Promise<Dataset | null> {
  const file = (await readRecipeFile(cache, key)) as RecipeFile | null;
  return file === null ? null : loadStored(cache, name, file.sha256, watch);
}
