export { exportAvr, type WeightPlace, weightPlaces } from './avr/avr.ts';
export { exportC99 } from './c99/c99.ts';
export { deviceActivationBytes } from './device-bytes.ts';
export type { Files } from './files.ts';
