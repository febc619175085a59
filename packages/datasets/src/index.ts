export { DatasetError, type DatasetErrorDetail } from './dataset-error.ts';
export { datasetSha256, shareImages } from './image-set.ts';
export { loadMnist } from './mnist.ts';
export { datasetInfo, datasetNames, loadDataset } from './registry.ts';
