import { strFromU8, unzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { downloadOf, exportModel, exportTargets } from '../src/index.ts';
import { publishedModel } from './support/published.ts';

test.each(['c99', 'avr'] as const)(
  '%s comes as one archive of all its files, twice the same',
  async (target) => {
    const files = await exportModel(publishedModel, target);
    const { name, mediaType, bytes } = downloadOf(files, target);
    expect({ name, mediaType }).toEqual({ name: `bitkiln-${target}.zip`, mediaType: 'application/zip' });
    const inside = Object.entries(unzipSync(bytes)).map(([path, content]) => [path, strFromU8(content)]);
    expect(Object.fromEntries(inside)).toEqual(files);
    expect(downloadOf(await exportModel(publishedModel, target), target).bytes).toEqual(bytes);
  },
);

test('a single file comes as it is', async () => {
  const names = await Promise.all(
    exportTargets.slice(2).map(async (target) => {
      const files = await exportModel(publishedModel, target);
      const { name, mediaType, bytes } = downloadOf(files, target);
      const content = files[name]!;
      expect(bytes).toEqual(typeof content === 'string' ? new TextEncoder().encode(content) : content);
      return [name, mediaType];
    }),
  );
  expect(names).toEqual([
    ['model.h5', 'application/x-hdf5'],
    ['model.onnx', 'application/octet-stream'],
    ['model.json', 'application/json'],
  ]);
});

test('a float model goes to Keras alone', async () => {
  const float = { ...publishedModel, stage: 'float' } as const;
  await expect(exportModel(float, 'onnx')).rejects.toThrow('stage is "float"; expected a quantized stage');
  expect(Object.keys(await exportModel(float, 'keras'))).toEqual(['model.h5']);
});
