import fc from 'fast-check';
import { expect, test } from 'vitest';
import { modelFileName } from '../src/model-file-name.ts';

const id = '0198c0de-0000-7000-8000-000000000000';

test.each([
  ['mnist quick', `mnist-quick-trial-3-${id}.h5`],
  ['../../etc/passwd', `etc-passwd-trial-3-${id}.h5`],
  ['"; rm -rf /', `rm-rf-trial-3-${id}.h5`],
  ['Größe 2 KB', `gro-e-2-kb-trial-3-${id}.h5`],
  ['窯', `bitkiln-trial-3-${id}.h5`],
])('%s is downloaded as %s', (name, expected) => {
  expect(modelFileName(name, id, 3, 'h5')).toBe(expected);
});

test('no name of an experiment makes a file name unsafe', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const file = modelFileName(name, id, 0, 'json');
      expect(file).toMatch(/^[a-z0-9][a-z0-9-]*\.json$/);
      expect(file.length).toBeLessThan(130);
    }),
  );
});
