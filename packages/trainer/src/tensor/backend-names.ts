/** `wasm`: one SIMD thread. `node`, `node-gpu`: TensorFlow, where installed. `cpu`: plain JavaScript, for tests. */
export const tensorBackends = ['wasm', 'node-gpu', 'node', 'cpu'] as const;
export type TensorBackend = (typeof tensorBackends)[number];
