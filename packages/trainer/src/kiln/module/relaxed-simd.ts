import { setFlagsFromString } from 'node:v8';

/** Bytes of a module with one relaxed multiply-add: valid only where the engine knows the instruction. */
const probe = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x13, 0x01, 0x11, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f],
  ...[0xfd, 0x85, 0x02, 0x0b],
);

/** Switches relaxed SIMD on where it is still behind a flag (Node 20). Throws where the engine lacks it. */
export function allowRelaxedSimd(): void {
  if (WebAssembly.validate(probe)) return;
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  if (!WebAssembly.validate(probe)) {
    throw new Error('relaxed SIMD was asked for, but this engine does not have it; leave `relaxed` off');
  }
}
