export { type DataFolders, dataFolders } from './data-folders.ts';
export { DatasetError, type DatasetErrorDetail } from './dataset-error.ts';
export { datasetSha256, shareImages } from './image-set.ts';
export { loadMnist } from './mnist.ts';
export { packDataset, unpackDataset } from './packed/packed-file.ts';
export { datasetInfo, datasetNames, listDatasets, loadDataset } from './registry.ts';
