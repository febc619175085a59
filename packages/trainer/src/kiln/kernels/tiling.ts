import type { Tap } from './taps.ts';

/** Equal tiles in a row, run as one loop. */
export interface ChannelTiles {
  readonly first: number;
  readonly width: number;
  readonly count: number;
}

/** Cuts `channels` into as few tiles of at most `limit` as possible, as even as possible, wider ones first. */
export function channelTiles(channels: number, limit: number): ChannelTiles[] {
  const count = Math.ceil(channels / limit);
  const narrow = Math.floor(channels / count);
  const wide = channels - narrow * count;
  const tiles: ChannelTiles[] = [];
  if (wide > 0) tiles.push({ first: 0, width: narrow + 1, count: wide });
  tiles.push({ first: wide * (narrow + 1), width: narrow, count: count - wide });
  return tiles;
}

/** Equal tiles of neighbouring columns: taps are relative to the tile's first source column. */
export interface ColumnTiles {
  /** First target column of the first tile. */
  readonly first: number;
  readonly count: number;
  /** Source column that the first tile's taps are relative to, and how far it moves from tile to tile. */
  readonly source: number;
  readonly sourceStep: number;
  /** For each column of the tile, its taps with relative source columns. */
  readonly taps: readonly (readonly Tap[])[];
}

/** Cuts columns into tiles of at most `limit`, and gathers runs of tiles with the same taps. */
export function columnTiles(columns: readonly (readonly Tap[])[], limit: number): ColumnTiles[] {
  const runs: ColumnTiles[] = [];
  let first = 0;
  for (const { width, count } of channelTiles(columns.length, limit)) {
    for (let i = 0; i < count; i++, first += width) {
      const tile = columns.slice(first, first + width);
      const source = Math.min(...tile.flat().map((tap) => tap.source));
      const base = Number.isFinite(source) ? source : 0;
      const taps = tile.map((list) => list.map((tap) => ({ ...tap, source: tap.source - base })));
      const last = runs.at(-1);
      const step = last === undefined ? 0 : base - (last.source + (last.count - 1) * last.sourceStep);
      if (
        last !== undefined &&
        JSON.stringify(last.taps) === JSON.stringify(taps) &&
        (last.count === 1 || step === last.sourceStep)
      ) {
        runs[runs.length - 1] = { ...last, count: last.count + 1, sourceStep: step };
      } else {
        runs.push({ first, count: 1, source: base, sourceStep: 0, taps });
      }
    }
  }
  return runs;
}
