import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, test } from 'vitest';
import type { TensorBackend } from '../../src/tensor/backend-names.ts';
import { openNodeBackend } from '../../src/tensor/node-backend.ts';
import { selectEngine } from '../../src/tensor/select-engine.ts';
import { createTensorTrainer, type TensorTrainerSettings } from '../../src/tensor/tensor-trainer.ts';

test('the numerics id names the backend and says whether other hosts give the same bytes', async () => {
  for (const backend of ['wasm', 'cpu'] as const) {
    const trainer = await createTensorTrainer({ backend });
    expect(trainer.numericsId).toEqual({
      trainer: 'tensor',
      definition: 1,
      options: `backend=${backend}`,
      reproducible: true,
    });
    expect(tf.getBackend()).toBe(backend);
    trainer.dispose();
  }
});

test('wasm starts again after its last user freed it, and leaves no listeners on the process', async () => {
  const listeners = process.listenerCount('uncaughtException');
  const [first, second] = [
    await createTensorTrainer({ backend: 'wasm' }),
    await createTensorTrainer({ backend: 'wasm' }),
  ];
  first.dispose();
  first.dispose();
  expect(tf.findBackend('wasm')).not.toBeNull();
  second.dispose();
  const third = await createTensorTrainer({ backend: 'wasm' });
  expect(tf.getBackend()).toBe('wasm');
  third.dispose();
  expect(process.listenerCount('uncaughtException')).toBe(listeners);
});

test('wasm starts in a worker thread', async () => {
  expect(await startInWorker({ backend: 'wasm' })).toBe('backend=wasm');
});

test('refuses backends that are not there and devices that mean nothing', async () => {
  await expect(createTensorTrainer({ backend: 'webgl' as TensorBackend })).rejects.toThrow(
    'backend is "webgl"; expected one of wasm, node-gpu, node, cpu',
  );
  await expect(createTensorTrainer({ backend: 'wasm', device: 0 })).rejects.toThrow(
    /device is 0, but backend wasm/,
  );
  await expect(createTensorTrainer({ backend: 'node-gpu', device: -1 })).rejects.toThrow(
    /device is -1; expected/,
  );
});

describe('the self-test', () => {
  const sabotage: readonly [kernel: string, finding: RegExp, wrong: (x: tf.Tensor) => tf.Tensor][] = [
    ['Step', /a kernel's gradient is .* instead of/, (x) => tf.zerosLike(x)],
    ['Round', /the signed 4-bit quantizer rounds wrongly/, (x) => tf.floor(x)],
    ['Reverse', /a kernel's gradient is/, (x) => tf.clone(x)],
    ['Softmax', /a loss is .* instead of/, (x) => tf.fill(x.shape, 0.5)],
  ];

  test.each(sabotage)('refuses a backend whose %s is wrong', async (kernelName, finding, wrong) => {
    await import('@tensorflow/tfjs-backend-cpu');
    const right = tf.getKernel(kernelName, 'cpu');
    tf.unregisterKernel(kernelName, 'cpu');
    const kernelFunc: tf.KernelFunc = ({ inputs }) => wrong((inputs.x ?? inputs.logits) as tf.Tensor);
    tf.registerKernel({ kernelName, backendName: 'cpu', kernelFunc });
    try {
      const starting = createTensorTrainer({ backend: 'cpu' });
      await expect(starting).rejects.toThrow(/^backend cpu fails its self-test: /);
      await expect(starting).rejects.toThrow(finding);
    } finally {
      tf.unregisterKernel(kernelName, 'cpu');
      tf.registerKernel(right);
    }
    (await createTensorTrainer({ backend: 'cpu' })).dispose();
  });
});

test('a backend that does not start is an error, not another backend', async () => {
  tf.registerBackend('broken', () => {
    throw new Error('no such device');
  });
  await expect(selectEngine('broken')).rejects.toThrow('the tensor backend broken did not start');
  tf.removeBackend('broken');
});

describe('TensorFlow', () => {
  const devices = process.env.CUDA_VISIBLE_DEVICES;
  afterEach(() => {
    if (tf.findBackendFactory('tensorflow') !== null) tf.removeBackend('tensorflow');
    if (devices === undefined) delete process.env.CUDA_VISIBLE_DEVICES;
    else process.env.CUDA_VISIBLE_DEVICES = devices;
  });

  test.each(['node', 'node-gpu'] as const)(
    '%s is not installed by npm ci, and says what to install',
    async (backend) => {
      expect(await startInWorker({ backend })).toBe(
        `Error: backend ${backend} can't load @tensorflow/tfjs-${backend}: it is not installed, as it is half a ` +
          `gigabyte that CPU users need not have; run: npm install --no-save @tensorflow/tfjs-${backend}@4.22.0`,
      );
    },
  );

  test('a device has to be chosen before worker threads start', async () => {
    expect(await startInWorker({ backend: 'node-gpu', device: 3 })).toMatch(
      /device 3 can't be chosen from a worker thread: start the process with CUDA_VISIBLE_DEVICES=3/,
    );
  });

  test('says what to run where the native part is missing', async () => {
    const load = async () => {
      throw new Error('The Node.js native addon module (tfjs_binding.node) can not be found at path: /x');
    };
    await expect(openNodeBackend('node', undefined, load)).rejects.toThrow(
      /run: npm rebuild @tensorflow\/tfjs-node /,
    );
  });

  test('passes other failures on, with the Node versions that it needs', async () => {
    const load = async () => {
      throw new TypeError('(0, util_1.isNullOrUndefined) is not a function');
    };
    await expect(openNodeBackend('node', undefined, load)).rejects.toThrow(
      /isNullOrUndefined\) is not a function\. It needs Node 20 or 22/,
    );
  });

  test('refuses a package with a tfjs-core of its own', async () => {
    await expect(openNodeBackend('node', undefined, async () => {})).rejects.toThrow(
      /a copy of tfjs-core of its own/,
    );
  });

  test('refuses the GPU package where TensorFlow found no GPU, and accepts it where it did', async () => {
    await expect(openNodeBackend('node-gpu', 1, registering(true, false))).rejects.toThrow(/found no GPU/);
    expect(process.env.CUDA_VISIBLE_DEVICES).toBe('1');
    tf.removeBackend('tensorflow');
    await openNodeBackend('node-gpu', 1, registering(true, true));
    expect(tf.getBackend()).toBe('tensorflow');
  });

  test('refuses one package where the other is loaded', async () => {
    await expect(openNodeBackend('node', undefined, registering(true, true))).rejects.toThrow(
      /already loaded the other/,
    );
  });

  /** Stands for the package's import, which registers a backend that describes itself so. */
  function registering(isGPUPackage: boolean, isUsingGpuDevice: boolean) {
    return async () => {
      tf.registerBackend('tensorflow', () =>
        Object.assign(new MathBackendCPU(), { isGPUPackage, isUsingGpuDevice }),
      );
    };
  }
});

/** Runs the real thing under tsx, as workers do: the test runner resolves imports in its own way. */
async function startInWorker(settings: TensorTrainerSettings): Promise<string> {
  const worker = new Worker(new URL('./start-trainer.mjs', import.meta.url), { workerData: settings });
  const [answer] = await once(worker, 'message');
  await worker.terminate();
  return answer;
}
