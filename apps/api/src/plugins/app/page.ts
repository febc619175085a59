/** One page of a listing; `nextCursor` is null on the last. */
export interface Page<Item> {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

/** Cuts a page from rows of which one more was asked for; `last` is the row to go on behind, if any follow. */
export function splitPage<Row>(
  rows: readonly Row[],
  limit: number,
): { readonly items: Row[]; readonly last: Row | undefined } {
  const items = rows.slice(0, limit);
  return { items, last: rows.length > limit ? items.at(-1) : undefined };
}
