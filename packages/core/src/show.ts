/** A value as it stands in an error's message, cut where it is long. */
export function show(value: unknown): string {
  const text = toText(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function toText(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'number') return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // String() of lists nested thousands deep overflows the stack just as JSON.stringify does.
    return typeof value === 'object' ? Object.prototype.toString.call(value) : String(value);
  }
}
