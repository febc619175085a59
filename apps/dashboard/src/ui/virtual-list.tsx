import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

const overscan = 6;

/** Draws only the rows in sight, so that ten thousand scroll like ten. All rows have one height. */
export function VirtualList<T>(props: {
  readonly items: readonly T[];
  readonly rowHeight: number;
  readonly maxHeight: number;
  readonly label: string;
  readonly row: (item: T, index: number) => ComponentChildren;
  readonly onNearEnd?: () => void;
}) {
  const { items, rowHeight, maxHeight, onNearEnd } = props;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const height = Math.min(maxHeight, items.length * rowHeight);
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const last = Math.min(items.length, Math.ceil((top + height) / rowHeight) + overscan);
  useLayoutEffect(() => {
    if (last >= items.length - 5) onNearEnd?.();
  }, [last, items.length, onNearEnd]);
  return (
    <section
      ref={box}
      class="virtual"
      style={{ height: `${height}px` }}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label={`${props.label}, ${items.length} rows`}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div style={{ height: `${first * rowHeight}px` }} />
      {items.slice(first, last).map((item, i) => props.row(item, first + i))}
      <div style={{ height: `${(items.length - last) * rowHeight}px` }} />
    </section>
  );
}
