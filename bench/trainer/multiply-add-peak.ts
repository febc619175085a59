import { at, f32x4, i32, v128 } from '../../packages/trainer/src/kiln/assembler/expression.ts';
import { ModuleBuilder } from '../../packages/trainer/src/kiln/assembler/module-builder.ts';

const chains = 6;
const unrolled = 8;
const rounds = 2000;
const slices = 400;

/**
 * This core's plain peak in GFLOP/s: what WebAssembly SIMD reaches on multiplications and additions that wait for
 * nothing but their own chain. One multiplication and one addition of four lanes are eight operations.
 */
export function measureMultiplyAddPeak(): number {
  const builder = new ModuleBuilder();
  builder.define('run', 0, (f) => {
    const one = f.let(v128.loadSplat(at(i32.const(0))));
    const sums = Array.from({ length: chains }, () => f.let(f32x4.const(0)));
    const products = Array.from({ length: chains }, () => f.let(f32x4.const(1)));
    f.repeat(rounds, () => {
      for (let i = 0; i < unrolled; i++) {
        for (const sum of sums) f.set(sum, f32x4.add(sum, one));
        for (const product of products) f.set(product, f32x4.mul(product, one));
      }
    });
    for (const value of [...sums, ...products]) f.storeVector(at(i32.const(16)), value);
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  new Float32Array(memory.buffer)[0] = 1;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(builder.encode()), { host: { memory } });
  const run = instance.exports.run as () => void;
  let fastest = Number.POSITIVE_INFINITY;
  for (let slice = 0; slice < slices; slice++) {
    const start = performance.now();
    for (let i = 0; i < 10; i++) run();
    fastest = Math.min(fastest, performance.now() - start);
  }
  return (10 * rounds * unrolled * chains * 8) / fastest / 1e6;
}
