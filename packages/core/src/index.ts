export { type AugmentationPurpose, augmentationStream, drawIndices } from './augmentation/draws.ts';
export {
  type ElasticCopier,
  type ElasticSettings,
  elasticCopier,
  elasticVersion,
  majorElastic,
  minorElastic,
} from './augmentation/elastic.ts';
export {
  cosTurns32,
  exp32,
  expCoefficients,
  expLimit,
  floatBits,
  floatFromBits,
  ln2,
  log32,
  logCoefficients,
  nearest32,
  sinCoefficients,
} from './math/float32.ts';
export { printLayer, printNetwork } from './network/compact-form.ts';
export { type LayerDraft, withDefaultBits } from './network/default-bits.ts';
export { inputQuantizer, pixelQuantizer } from './network/input-quantizer.ts';
export { type LayerJson, toJson } from './network/json-form.ts';
export type * from './network/layer.ts';
export { type LayerCosts, layerCosts, opMacs } from './network/layer-costs.ts';
export { lowerNetwork } from './network/lower.ts';
export { NetworkError, type NetworkErrorDetail } from './network/network-error.ts';
export { parseNetwork } from './network/parse.ts';
export type * from './network/program.ts';
export { elements, formatShape, type Shape } from './network/shape.ts';
export * from './protocol/protocol.ts';
export {
  bitsAt,
  deriveStream,
  type Stream,
  streamConstants,
  substream,
  uniformAt,
} from './random/stream.ts';
export {
  type LayerStorage,
  type StorageReport,
  type StorageTotals,
  storageReport,
  storageTotals,
} from './storage/storage.ts';
export { isStrategy, type Strategy, strategies } from './storage/strategy.ts';
