export { type AugmentationPurpose, augmentationStream, drawIndices } from './augmentation/draws.ts';
export {
  type ElasticCopier,
  type ElasticSettings,
  elasticCopier,
  elasticVersion,
  majorElastic,
  minorElastic,
} from './augmentation/elastic.ts';
export type { Dataset, DatasetInfo, ImageSet } from './data/dataset.ts';
export { type IdxArray, IdxError, parseIdx } from './data/idx.ts';
export { type ValidationSplit, validationSplit } from './data/validation-split.ts';
export {
  classOf,
  crossEntropy,
  type Evaluation,
  evaluate,
} from './engine/evaluate.ts';
export { type EngineName, engineNames, evaluateModel } from './engine/evaluate-model.ts';
export { createForwardPass, type ForwardNumerics, type ForwardPass } from './engine/forward/forward-pass.ts';
export { compileIntegerNetwork } from './engine/integer/compile.ts';
export {
  createIntegerEngine,
  type IntegerEngine,
  type IntegerLogits,
  type IntegerResult,
  runInteger,
} from './engine/integer/integer-engine.ts';
export type * from './engine/integer/integer-program.ts';
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
export { readModelJson } from './model/json/read.ts';
export { writeModelJson } from './model/json/write.ts';
export { createModel, type Model, type Provenance } from './model/model.ts';
export { ModelError } from './model/model-error.ts';
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
export { learningRateAt } from './protocol/learning-rate.ts';
export { type PresetName, presetNames, presets } from './protocol/presets.ts';
export * from './protocol/protocol.ts';
export { ProtocolError } from './protocol/protocol-error.ts';
export { type QuantizationMode, quantizationMode } from './protocol/quantization-mode.ts';
export {
  type ProtocolOverrides,
  resolveProtocol,
  type StageOverrides,
  stageLimits,
} from './protocol/resolve.ts';
export { calibrate, calibrationImages } from './quantization/calibrate.ts';
export {
  type QuantizerSlopes,
  quantizerGradients,
  quantizerSlopes,
  thresholdGradient,
} from './quantization/gradients.ts';
export { integerRange, integersOf, levelExponent, unitExponent, valuesOf } from './quantization/integers.ts';
export { percentile, percentileMagnitude } from './quantization/percentile.ts';
export {
  type LevelRange,
  levelOf,
  levelRange,
  quantize,
  quantizeArray,
  roundHalfEven,
  roundToLevel,
  scaleOf,
  type UniformQuantizer,
  weightQuantizer,
} from './quantization/quantizer.ts';
export { type LegacyGenerator, legacyGenerator } from './random/mt19937.ts';
export {
  bitsAt,
  deriveStream,
  type Stream,
  streamConstants,
  substream,
  uniformAt,
} from './random/stream.ts';
export { selectGreedily } from './selection/greedy.ts';
export { SelectionError, type TrialOutcome } from './selection/outcome.ts';
export { explainSelection } from './selection/reason.ts';
export { selectByZScore } from './selection/z-score.ts';
export type { SpecialCase, Standing, ZScoreSelection } from './selection/z-score-selection.ts';
export {
  type LayerStorage,
  type StorageReport,
  type StorageTotals,
  storageReport,
  storageTotals,
} from './storage/storage.ts';
export { isStrategy, type Strategy, strategies } from './storage/strategy.ts';
