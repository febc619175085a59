import type { StageName } from '@bitkiln/core';

/** What `referenceTrialHash` gives on every host and engine. A change means a new definition number. */
export const recordedHashes: Record<StageName, string> = {
  float: 'e702ab1308067799fd128539e7daf85c5aa590166216cf85974095571dff6f15',
  movingScales: 'a87c83e5715e2e1386ff0c8910abb0f89503389e4af3d593f1c32852e6deca33',
  frozenScales: '81702cc57c7013b41a8e2f2a1ea7237f289338cc6416f196231d7173284a5883',
};
