import { describe, expect, test } from 'vitest';
import { checkNetwork } from '../../src/experiments/check-network.ts';
import type { Problem } from '../../src/problems/problem.ts';

const mnist = { name: 'mnist', shape: { rows: 28, cols: 28, channels: 1 }, classes: 10 };
const reference = 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)';

function refusal(network: string | unknown[][], budgetBytes = 2048): Problem {
  try {
    checkNetwork(network, mnist, 'herringbone', budgetBytes);
  } catch (error) {
    return error as Problem;
  }
  throw new Error('the network was not refused');
}

test('the reference network takes 1947 bytes, and is printed with its bits', () => {
  const checked = checkNetwork(reference, mnist, 'herringbone', 1947);
  expect(checked.storage).toEqual({ weightBytes: 1512.5, activationBytes: 434.5, totalBytes: 1947 });
  expect(checked.text).toBe(
    'A(2,4) C(5,3x3)@w4b8a4 C(8,3x3)@w4b8a4 C(11,3x3)@w4b8a4 M(2,4) D(0.1,4) S(10)@w4b8a8',
  );
});

test('half a byte over the budget is over the budget, and both figures are told', () => {
  const problem = refusal(reference, 1946.5);
  expect(problem).toMatchObject({
    statusCode: 422,
    kind: 'network-over-budget',
    members: { totalBytes: 1947, budgetBytes: 1946.5, weightBytes: 1512.5, activationBytes: 434.5 },
    errors: [{ in: 'body', field: '/network', value: 1947, expected: 'at most 1946.5 bytes' }],
  });
  expect(problem.message).toContain('takes 1947 bytes');
  expect(problem.message).toContain('at most 1946.5');
});

test('what the generated code needs counts where the storage model promises too little', () => {
  // Outputs of more bits than the input: the model takes 117 bytes of activations, the code 118.
  const widening = 'A(4,2) C(4,3x3)@a8 S(10)';
  const problem = refusal(widening, 649);
  expect(problem.members).toMatchObject({
    activationBytes: 117,
    deviceActivationBytes: 118,
    totalBytes: 650,
  });
  expect(problem.message).toContain('the storage model says 117');
  expect(checkNetwork(widening, mnist, 'herringbone', 650).storage.totalBytes).toBe(649);
});

describe('an impossible network', () => {
  test.each([
    ['A(7,4) C(5,5x5) S(10)', 'layer 2, C: kernel 5x5 does not fit the 4x4 input', 2],
    ['A(3,4) S(10)', 'layer 1, A: pool 3 does not divide the 28x28 input; expected a divisor of 28', 1],
    ['A(2,4) S(8)', 'layer 2, S: units is 8; expected 10, a unit for each class of the data set', 2],
    ['A(2,4) F(10)', 'the network has no S layer; expected one, as the last layer', undefined],
    ['A(2,4) X(3) S(10)', 'layer 2: code is "X"; expected one of', 2],
    ['A(2,4) C(0,3x3) S(10)', 'layer 2, C: filters is 0; expected', 2],
    ['A(2,4) M(2,8) S(10)', 'layer 2, M: activationBits is 8, but its input has 4', 2],
    ['', 'the network has 0 layers', undefined],
    [
      [
        ['A', 2, 4],
        ['S', 10, 4, 8, Number.POSITIVE_INFINITY],
      ],
      'layer 2, S: activationBits is Infinity',
      2,
    ],
    [[['A', 2]], 'layer 1, A: has 1 field; expected pool, activationBits', 1],
    [[[]], 'layer 1: code is missing', 1],
  ])('%j: %s', (network, message, layer) => {
    const problem = refusal(network as string, 1e6);
    expect(problem.statusCode).toBe(422);
    expect(problem.kind).toBe('invalid-network');
    expect(problem.message).toContain(message);
    expect(problem.members.layer).toBe(layer);
    const place = typeof network === 'string' || layer === undefined ? '/network' : `/network/${layer - 1}`;
    expect(problem.errors).toMatchObject([{ in: 'body', field: place, expected: expect.any(String) }]);
  });

  test('the value at fault is told by itself', () => {
    expect(refusal('A(7,4) C(5,5x5) S(10)').errors).toEqual([
      { in: 'body', field: '/network', value: '5x5', expected: 'at most 4x4' },
    ]);
  });

  test('sums that some weights could drive past 32 bits are refused before anything is trained', () => {
    const problem = refusal('F(40)@w8b8a16 F(300)@w8b8a16 S(10)@w8b16a8', 2 ** 24);
    expect(problem.kind).toBe('invalid-network');
    expect(problem.message).toMatch(/^layer 3, S: some input drives a sum to -?\d+, which overflows/);
  });
});
