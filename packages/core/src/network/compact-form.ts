import { type LayerDraft, withDefaultBits } from './default-bits.ts';
import {
  type FieldName,
  type FieldValues,
  fieldOf,
  isLayerCode,
  layerCodes,
  layerFields,
  makeLayer,
} from './fields.ts';
import type { Layer, LayerCode } from './layer.ts';
import { NetworkError } from './network-error.ts';

/*
 * network  = layer { space layer }
 * layer    = code [ "(" argument { "," argument } ")" ] [ "@" bits ]
 * bits     = [ "w" whole ] [ "b" whole ] [ "a" whole ]          at least one
 * argument = number | size | size "/" size                      by code, see docs/network-language.md
 * size     = whole [ "x" whole ]                                rows x columns
 */
const layerPattern = /([A-Za-z]+)\s*(?:\(([^()]*)\))?(?:@([^\s()]*))?(?=\s|$)/y;
const bitsPattern = /^(?=.)(?:w(\d{1,9}))?(?:b(\d{1,9}))?(?:a(\d{1,9}))?$/;
const windowPattern = /^(\d{1,9})(?:x(\d{1,9}))?(?:\/(\d{1,9})(?:x(\d{1,9}))?)?$/;
const numberPattern = /^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;
const bitFields = ['weightBits', 'biasBits', 'activationBits'] as const;

/** Prints a network compactly with every bit width; `parseNetwork` reads back the same layers. */
export function printNetwork(layers: readonly Layer[]): string {
  return layers.map(printLayer).join(' ');
}

/** Prints one layer as `printNetwork` does: `C(5,3x3)@w4b8a4`, `M(2,4)`, `R@w4b8a4`. */
export function printLayer(layer: Layer): string {
  const first = layerFields[layer.code].find((field) => !isBits(field) && field !== 'kernelRows');
  const parts = first === undefined ? [] : [String(fieldOf(layer, first))];
  if ('kernelRows' in layer) {
    const unit = layer.strideRows === 1 && layer.strideCols === 1;
    const stride = unit ? '' : `/${layer.strideRows}x${layer.strideCols}`;
    parts.push(`${layer.kernelRows}x${layer.kernelCols}${stride}`);
  }
  if (!('weightBits' in layer)) return `${layer.code}(${[...parts, layer.activationBits].join(',')})`;
  const list = parts.length === 0 ? '' : `(${parts.join(',')})`;
  return `${layer.code}${list}@w${layer.weightBits}b${layer.biasBits}a${layer.activationBits}`;
}

/**
 * Reads the compact form, such as `A(2,4) C(5,3x3) C(8,3x3/2)@w2b8a4 M(2) D(0.1) S(10)`.
 * @throws NetworkError
 */
export function fromCompact(source: string): Layer[] {
  const text = source.trim();
  const drafts: LayerDraft[] = [];
  let position = 0;
  while (position < text.length) {
    layerPattern.lastIndex = position;
    const match = layerPattern.exec(text);
    if (match === null) {
      const value = text.slice(position).split(/\s/)[0];
      const expected = 'a layer such as C(5,3x3)@w4b8a4';
      throw new NetworkError({ layer: drafts.length, field: 'layer', value, expected });
    }
    drafts.push(readLayer(drafts.length, match));
    position = layerPattern.lastIndex;
    while (position < text.length && /\s/.test(text[position]!)) position++;
  }
  return withDefaultBits(drafts).map(({ code, values }, index) => makeLayer(index, code, values));
}

function readLayer(index: number, [text, code, list, bits]: RegExpExecArray): LayerDraft {
  if (!isLayerCode(code)) {
    const expected = `one of ${layerCodes.join(', ')}`;
    throw new NetworkError({ layer: index, field: 'code', value: code, expected });
  }
  const parts = list === undefined || list.trim() === '' ? [] : list.split(',').map((part) => part.trim());
  const values = { ...readArguments(index, code, parts, text), ...readBits(index, code, bits) };
  const weighted = layerFields[code].includes('weightBits');
  const positionals = layerFields[code].filter((field) => !isBits(field)).length;
  if (weighted || parts.length <= positionals) return { code, values };
  if (bits !== undefined) {
    const expected = 'them once, in the list or after @';
    throw new NetworkError(
      { layer: index, code, field: 'activationBits', value: text, expected },
      `${text} names its bits twice; expected ${expected}`,
    );
  }
  return { code, values: { ...values, activationBits: Number(parts[positionals]) } };
}

function readArguments(index: number, code: LayerCode, parts: readonly string[], text: string): FieldValues {
  const usage = usages[code];
  const fault = (field: string, value: unknown): NetworkError =>
    new NetworkError(
      { layer: index, code, field, value, expected: usage },
      `can't read ${text}; expected ${usage}`,
    );
  const fields = layerFields[code];
  const first = fields.find((field) => !isBits(field) && field !== 'kernelRows');
  const hasWindow = fields.includes('kernelRows');
  const least = (first === undefined ? 0 : 1) + (hasWindow ? 1 : 0);
  const most = least + (fields.includes('weightBits') ? 0 : 1);
  if (parts.length < least || parts.length > most) throw fault('layer', text);
  const numbers = hasWindow ? parts.slice(0, 1) : parts;
  for (const part of numbers) if (!numberPattern.test(part)) throw fault(first ?? 'activationBits', part);
  const values: Partial<Record<FieldName, unknown>> = {};
  if (first !== undefined) values[first] = Number(parts[0]);
  if (!hasWindow) return values;
  const match = windowPattern.exec(parts[1]!);
  if (match === null) throw fault('kernel', parts[1]);
  const [, rows, cols = rows, strideRows = '1', strideCols = strideRows] = match;
  return {
    ...values,
    kernelRows: Number(rows),
    kernelCols: Number(cols),
    strideRows: Number(strideRows),
    strideCols: Number(strideCols),
  };
}

function readBits(index: number, code: LayerCode, bits: string | undefined): FieldValues {
  if (bits === undefined) return {};
  const match = bitsPattern.exec(bits);
  const allowed = layerFields[code].filter(isBits);
  const values =
    match === null
      ? []
      : bitFields.flatMap((field, i) =>
          match[i + 1] === undefined ? [] : [[field, Number(match[i + 1])] as const],
        );
  if (values.length === 0 || values.some(([field]) => !allowed.includes(field))) {
    const expected = allowed.length === 1 ? 'bits such as @a4' : 'bits such as @w4b8a4';
    throw new NetworkError({ layer: index, code, field: 'bits', value: `@${bits}`, expected });
  }
  return Object.fromEntries(values);
}

function isBits(field: FieldName): boolean {
  return (bitFields as readonly FieldName[]).includes(field);
}

const usages: Readonly<Record<LayerCode, string>> = {
  A: 'A(pool) or A(pool,bits)',
  C: 'C(filters,kernel) or C(filters,kernel/stride), such as C(5,3x3/2)',
  CN: 'CN(filters,kernel) or CN(filters,kernel/stride), such as CN(5,3x3/2)',
  T: 'T(multiplier,kernel) or T(multiplier,kernel/stride), such as T(1,3x3/2)',
  DSC: 'DSC(filters,kernel) or DSC(filters,kernel/stride), such as DSC(5,3x3/2)',
  R: 'R or R@w4b8a4',
  M: 'M(pool) or M(pool,bits)',
  F: 'F(units)',
  S: 'S(units)',
  D: 'D(rate) or D(rate,bits)',
  N: 'N(stddev) or N(stddev,bits)',
  Q: 'Q or Q(bits)',
};
