export { deviceActivationBytes } from './device-bytes.ts';
