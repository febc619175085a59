import { sampleName } from './sample-dataset.ts';

/** What is asked of the API, apart from its name. */
export type ExperimentBody = Readonly<Record<string, unknown>>;

/** Small experiments of all three stages: `count` of them, which train for seconds and end with different winners. */
export function experimentBodies(seed: number, count: number): readonly ExperimentBody[] {
  const networks = ['A(4,4) C(4,3x3) S(10)', 'A(4,4) S(10)', 'A(2,4) C(2,3x3) M(2) D(0.1) S(10)'];
  return Array.from({ length: count }, (_, i) => ({
    dataset: sampleName,
    network: networks[i % networks.length],
    seed: (seed + i) % 2 ** 32,
    protocol: {
      preset: 'quick',
      float: { trials: 2, epochs: 24, batchSize: 256 },
      movingScales: { trials: 2, epochs: 10, batchSize: 256 },
      frozenScales: { trials: 3, epochs: 10, batchSize: 256 },
    },
  }));
}
