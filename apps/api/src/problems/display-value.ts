const longestString = 120;
const longestJson = 400;

/**
 * A refused value as it is repeated to the caller: numbers that JSON can't carry become their names, and what
 * is long is cut, so that a reply never grows with the request.
 */
export function displayValue(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value === 'string') return shorten(value, longestString);
  if (typeof value === 'object' && value !== null) {
    const json = asJson(value);
    if (json === undefined) return 'a value nested too deeply to repeat';
    return json.length > longestJson ? shorten(json, longestString) : value;
  }
  return value;
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}… (${text.length} characters)` : text;
}

function asJson(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
