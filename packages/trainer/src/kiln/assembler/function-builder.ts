import { sized, unsigned } from './encoding.ts';
import { type Expression, type I32, i32, type Place, type V128, type ValueType } from './expression.ts';

/** A mutable variable; as an expression it reads the variable's value at that point. */
export interface Local<T extends ValueType> extends Expression<T> {
  readonly index: number;
}

const valueTypeCodes: Record<ValueType, number> = { i32: 0x7f, v128: 0x7b };

/** Builds one function's body, statement by statement. Parameters are i32; nothing is returned. */
export class FunctionBuilder {
  readonly #code: number[] = [];
  readonly #types: ValueType[];
  readonly #parameters: number;

  constructor(parameters: number) {
    this.#parameters = parameters;
    this.#types = Array.from({ length: parameters }, () => 'i32');
  }

  parameter(index: number): Local<'i32'> {
    return local('i32', index);
  }

  declare<T extends ValueType>(type: T): Local<T> {
    this.#types.push(type);
    return local(type, this.#types.length - 1);
  }

  /** A new variable holding `value`. */
  let<T extends ValueType>(value: Expression<T>): Local<T> {
    const variable = this.declare(value.type);
    this.set(variable, value);
    return variable;
  }

  set<T extends ValueType>(variable: Local<T>, value: Expression<T>): void {
    this.#code.push(...value.code, 0x21, ...unsigned(variable.index));
  }

  increase(variable: Local<'i32'>, bytes: number): void {
    if (bytes !== 0) this.set(variable, i32.add(variable, i32.const(bytes)));
  }

  storeVector({ address, offset }: Place, value: V128): void {
    this.#code.push(...address.code, ...value.code, 0xfd, 0x0b, ...unsigned(4), ...unsigned(offset));
  }

  storeInteger({ address, offset }: Place, value: I32): void {
    this.#code.push(...address.code, ...value.code, 0x36, ...unsigned(2), ...unsigned(offset));
  }

  /** Runs the body `count` times; where that is once, there is no loop. */
  repeat(count: number, body: () => void): void {
    if (count < 1) return;
    if (count === 1) {
      body();
      return;
    }
    this.countDown(this.let(i32.const(count)), body);
  }

  /** Runs the body until `counter`, at least 1 before, has been counted down to 0. */
  countDown(counter: Local<'i32'>, body: () => void): void {
    this.#code.push(0x03, 0x40);
    body();
    this.#code.push(...counter.code, 0x41, 1, 0x6b, 0x22, ...unsigned(counter.index), 0x0d, 0, 0x0b);
  }

  /** Runs the body where the condition is not 0. */
  when(condition: I32, body: () => void): void {
    this.#code.push(...condition.code, 0x04, 0x40);
    body();
    this.#code.push(0x0b);
  }

  call(functionIndex: number, ...values: readonly I32[]): void {
    for (const value of values) this.#code.push(...value.code);
    this.#code.push(0x10, ...unsigned(functionIndex));
  }

  /** The body with its locals, as the code section holds it. */
  encode(): number[] {
    const locals = this.#types.slice(this.#parameters);
    const declarations = locals.flatMap((type) => [1, valueTypeCodes[type]]);
    return sized([...unsigned(locals.length), ...declarations, ...this.#code, 0x0b]);
  }
}

function local<T extends ValueType>(type: T, index: number): Local<T> {
  return { type, index, code: [0x20, ...unsigned(index)] };
}
