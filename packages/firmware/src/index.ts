export { type WeightPlace, weightPlaces } from './avr/avr.ts';
export { deviceActivationBytes } from './device-bytes.ts';
export { type Download, downloadOf } from './download.ts';
export { type ExportSettings, type ExportTarget, exportModel, exportTargets } from './export.ts';
export type { Files } from './files.ts';
