/** Where constant arrays live, and how C reads them. */
export interface Memory {
  /** Behind the name of an array of weights, or of anything else that does not change. */
  readonly attributes: { readonly weights: string; readonly tables: string };
  /** An element of such an array, of a type of 8 or 16 bits. */
  read(what: 'weights' | 'tables', type: string, array: string, index: string): string;
}

/** Memory that is read as it is written. */
export const plainMemory: Memory = {
  attributes: { weights: '', tables: '' },
  read: (_what, _type, array, index) => `${array}[${index}]`,
};

/**
 * One C file in the making: what its functions need is declared once, in the order in which it was first asked for.
 */
export interface CUnit {
  /** Prefix of every public name. */
  readonly name: string;
  /** Type of a count of activations, weights or bits. */
  readonly index: 'uint16_t' | 'uint32_t';
  /** Type of a row, a column or a channel. */
  readonly dim: 'uint8_t' | 'uint16_t';
  readonly memory: Memory;
  /** 1 for the first thing of a kind, 2 for the next; the same for the same key. */
  ordinal(kind: string, key: string): number;
  /** Declares something under a key, unless that was done already. */
  declare(key: string, code: () => string): void;
  /** Everything declared, in order. */
  text(): string;
}

export function createUnit(options: Pick<CUnit, 'name' | 'index' | 'dim' | 'memory'>): CUnit {
  const declared = new Map<string, string>();
  const order: string[] = [];
  const ordinals = new Map<string, string[]>();
  return {
    ...options,
    ordinal(kind, key) {
      const keys = ordinals.get(kind) ?? [];
      ordinals.set(kind, keys);
      if (!keys.includes(key)) keys.push(key);
      return keys.indexOf(key) + 1;
    },
    declare(key, code) {
      if (declared.has(key)) return;
      declared.set(key, '');
      // What the code itself needs is declared on the way, and stands before it.
      declared.set(key, code());
      order.push(key);
    },
    text: () => indent(order.map((key) => declared.get(key)!).join('\n')),
  };
}

/** Indents C by its braces. */
export function indent(code: string): string {
  let depth = 0;
  const lines = code.split('\n').map((line) => {
    const text = line.trim();
    if (text.startsWith('}')) depth--;
    const indented = text === '' || text.startsWith('#') ? text : '    '.repeat(depth) + text;
    if (text.endsWith('{')) depth++;
    return indented;
  });
  return lines.join('\n');
}

/** A constant array of integers, some to a line. */
export function table(
  { memory }: CUnit,
  what: 'weights' | 'tables',
  type: string,
  name: string,
  values: ArrayLike<number>,
): string {
  const numbers = Array.from(values, String);
  const lines: string[] = [];
  for (let i = 0; i < numbers.length; i += 20) lines.push(`${numbers.slice(i, i + 20).join(', ')},`);
  return `static const ${type} ${name}[${numbers.length}]${memory.attributes[what]} = {
${lines.join('\n')}
};
`;
}
