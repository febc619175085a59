import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./pytorch.py', import.meta.url));

/** A Python with PyTorch: `PYTHON`, Debian's (package python3-torch) or the first in PATH; null where none has it. */
export function findPyTorch(): { readonly python: string; readonly version: string } | null {
  const candidates = [process.env.PYTHON, '/usr/bin/python3', 'python3'];
  for (const python of candidates) {
    if (python === undefined || (python.startsWith('/') && !existsSync(python))) continue;
    const found = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
    if (found.status === 0) return { python, version: found.stdout.trim() };
  }
  return null;
}

/** Samples a second of PyTorch on one thread. Throws an Error with the script's message where it fails. */
export function pyTorchRate(python: string, network: string, quantized: boolean, slices: number): number {
  const env = { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
  const stage = quantized ? 'quantized' : 'float';
  const run = spawnSync(python, [script, network, stage, String(slices)], { encoding: 'utf8', env });
  if (run.status !== 0) throw new Error(`PyTorch failed on network ${network}: ${run.stderr.trim()}`);
  return Number(run.stdout);
}
