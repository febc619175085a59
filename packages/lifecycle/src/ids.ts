import { randomBytes } from 'node:crypto';

let lastMs = 0;
let counter = 0;

/**
 * A version 7 UUID (RFC 9562): 48 bits of milliseconds, then a 12-bit counter that keeps one process's ids in
 * the order drawn (section 6.2, method 1), then 62 random bits.
 */
export function newId(): string {
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    counter = 0;
  } else if (++counter === 0x1000) {
    // A full counter borrows the next millisecond.
    lastMs += 1;
    counter = 0;
  }
  const bytes = randomBytes(16);
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | counter, 6);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
