/** How a convolution overwrites its input map in memory. */
export const strategies = ['naive', 'normal', 'transpose', 'herringbone'] as const;
export type Strategy = (typeof strategies)[number];

export function isStrategy(value: unknown): value is Strategy {
  return strategies.some((strategy) => strategy === value);
}
