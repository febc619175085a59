export const reference = 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)';
export const referenceWithBits =
  'A(2,4) C(5,3x3)@w4b8a4 C(8,3x3)@w4b8a4 C(11,3x3)@w4b8a4 M(2,4) D(0.1,4) S(10)@w4b8a8';

/** Ends soon: 3, 2 and 2 trials of 2, 1 and 1 epochs. */
export const tiny = {
  name: 'tiny',
  network: reference,
  seed: 7,
  protocol: {
    preset: 'quick',
    float: { trials: 3, epochs: 2 },
    movingScales: { trials: 2, epochs: 1 },
    frozenScales: { trials: 3, epochs: 2 },
  },
} as const;
