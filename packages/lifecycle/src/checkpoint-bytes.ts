import { createHash } from 'node:crypto';
import { CorruptCheckpointError } from './errors.ts';

/** A checkpoint's vectors as the table holds them: little-endian float32. */
export interface CheckpointBytes {
  readonly parameters: Buffer;
  readonly first_moment: Buffer | null;
  readonly second_moment: Buffer | null;
  /** Hex SHA-256 over the three in turn. */
  readonly sha256: string;
}

/** Every supported host is little-endian, as WebAssembly's memory is: a Float32Array's bytes are stored as they are. */
export function floatBytes(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

export function bytesToFloats(bytes: Uint8Array): Float32Array {
  // A copy, since a buffer from the network may start at any byte and a Float32Array may not.
  return new Float32Array(new Uint8Array(bytes).buffer);
}

export function checkpointSha256(...parts: readonly (Uint8Array | null)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) if (part !== null) hash.update(part);
  return hash.digest('hex');
}

/** @throws CorruptCheckpointError where the bytes are not those that were saved. */
export function verifyCheckpoint(bytes: CheckpointBytes, whose: string): void {
  const found = checkpointSha256(bytes.parameters, bytes.first_moment, bytes.second_moment);
  if (found !== bytes.sha256) {
    throw new CorruptCheckpointError(`${whose} has the SHA-256 ${found}, expected ${bytes.sha256}`);
  }
}
