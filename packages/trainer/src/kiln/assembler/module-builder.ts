import { name, unsigned } from './encoding.ts';
import { FunctionBuilder } from './function-builder.ts';

interface BuiltFunction {
  readonly name: string;
  readonly parameters: number;
  readonly builder: FunctionBuilder;
}

/** Builds a module that imports its memory as `host.memory` and exports every function by name. */
export class ModuleBuilder {
  readonly #functions: BuiltFunction[] = [];

  /** Adds a function and gives its index, for calls. */
  define(functionName: string, parameters: number, body: (builder: FunctionBuilder) => void): number {
    const builder = new FunctionBuilder(parameters);
    body(builder);
    this.#functions.push({ name: functionName, parameters, builder });
    return this.#functions.length - 1;
  }

  encode(): Uint8Array<ArrayBuffer> {
    const functions = this.#functions;
    const arities = [...new Set(functions.map((f) => f.parameters))];
    const types = arities.map((arity) => [0x60, ...unsigned(arity), ...Array(arity).fill(0x7f), 0]);
    const memory = [...name('host'), ...name('memory'), 0x02, 0x00, ...unsigned(1)];
    const bytes = [
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, types),
      ...section(2, [memory]),
      ...section(
        3,
        functions.map((f) => unsigned(arities.indexOf(f.parameters))),
      ),
      ...section(
        7,
        functions.map((f, index) => [...name(f.name), 0x00, ...unsigned(index)]),
      ),
    ];
    const code = section(
      10,
      functions.map((f) => f.builder.encode()),
    );
    const encoded = new Uint8Array(bytes.length + code.length);
    encoded.set(bytes);
    encoded.set(code, bytes.length);
    return encoded;
  }
}

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  const contents = unsigned(entries.length);
  for (const entry of entries) for (const byte of entry) contents.push(byte);
  return [id, ...unsigned(contents.length), ...contents];
}
