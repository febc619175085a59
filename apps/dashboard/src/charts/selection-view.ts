export interface Standing {
  readonly id: string;
  readonly index: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly score: number | null;
}

/** What the z-score rule makes of the standings; null for the greedy rule. */
export interface ScoreRule {
  readonly weight: number;
  readonly loss: { readonly mean: number; readonly deviation: number };
  readonly accuracy: { readonly mean: number; readonly deviation: number };
  /** How far chance alone moves an accuracy. */
  readonly samplingDeviation: number;
  readonly line: { readonly slope: number; readonly intercept: number } | null;
}

/** Pixels of the plot's height, and of its edges; its width is the panel's. */
export const plotHeight = 216;
export const edge = { left: 50, right: 10, top: 8, bottom: 28 };

/** Where losses and accuracies lie. */
export interface View {
  readonly width: number;
  readonly losses: readonly [number, number];
  readonly accuracies: readonly [number, number];
  readonly x: (loss: number) => number;
  readonly y: (accuracy: number) => number;
}

export function viewOf(standings: readonly Standing[], rule: ScoreRule | null, width: number): View {
  const losses = padded(
    standings.map(({ loss }) => loss),
    0.002,
  );
  const band =
    rule?.line == null ? [] : [-1, 1].map((side) => lineAt(rule, losses[0]) + side * rule.samplingDeviation);
  const accuracies = padded([...standings.map(({ accuracy }) => accuracy), ...band], 0.0005);
  const across = (width - edge.left - edge.right) / (losses[1] - losses[0]);
  const down = (plotHeight - edge.top - edge.bottom) / (accuracies[1] - accuracies[0]);
  return {
    width,
    losses,
    accuracies,
    x: (loss) => edge.left + (loss - losses[0]) * across,
    y: (accuracy) => plotHeight - edge.bottom - (accuracy - accuracies[0]) * down,
  };
}

function lineAt({ line }: ScoreRule, loss: number): number {
  return line!.intercept + line!.slope * loss;
}

function padded(values: readonly number[], least: number): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const pad = Math.max((high - low) * 0.16, least);
  return [low - pad, high + pad];
}

/** The standing whose dot is nearest to a place, where one is near enough to be meant. */
export function nearestStanding(
  standings: readonly Standing[],
  view: View,
  left: number,
  top: number,
  reach: number,
): Standing | null {
  let best: Standing | null = null;
  let distance = reach;
  for (const standing of standings) {
    const away = Math.hypot(view.x(standing.loss) - left, view.y(standing.accuracy) - top);
    if (away >= distance) continue;
    best = standing;
    distance = away;
  }
  return best;
}
