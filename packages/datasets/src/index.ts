export type { BuildReport } from './augmented/build.ts';
export type { FilterReport } from './augmented/filter.ts';
export {
  type Augmentation,
  augmentations,
  augmentedShare,
  checkAugmentation,
  type Recipe,
} from './augmented/recipe.ts';
export type { TeacherReport } from './augmented/teacher.ts';
export { teacherNetwork } from './augmented/teacher-network.ts';
export { type DataFolders, dataFolders } from './data-folders.ts';
export { DatasetError, type DatasetErrorDetail } from './dataset-error.ts';
export { datasetSha256, shareImages } from './image-set.ts';
export { loadMnist } from './mnist.ts';
export { type OpenOptions, openDataset, type RecipeFile, readReport } from './open-dataset.ts';
export { packDataset, unpackDataset } from './packed/packed-file.ts';
export type { DataProgress, Watch } from './progress.ts';
export { datasetInfo, datasetNames, listDatasets, loadDataset } from './registry.ts';
export {
  createDatasetCatalog,
  type DatasetCatalog,
  describeDataset,
  type FaultyDataset,
} from './remote/catalog.ts';
export {
  type DatasetDescriptor,
  type DatasetSource,
  httpDatasetSource,
  type PackedStream,
} from './remote/dataset-source.ts';
