import { z } from 'zod';

/*
 * Builders of fields whose one message says all that is expected, whichever of a field's rules was broken.
 */

/** A whole number; JSON's 1e999 and numbers that a double can't hold exactly are refused. */
export function integer(least: number, most: number) {
  const error = `a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

/** A number in a closed range. */
export function number(least: number, most: number) {
  const error = `a number from ${least} to ${most}`;
  return z.number({ error }).min(least, { error }).max(most, { error });
}

/** A number above 0. */
export function positive(most: number) {
  const error = `a number above 0 and at most ${most}`;
  return z.number({ error }).gt(0, { error }).max(most, { error });
}

/** One of a few names. */
export function oneOf<const Names extends readonly [string, ...string[]]>(names: Names) {
  return z.enum(names, { error: `one of ${names.join(', ')}` });
}

/** Text of one line. Control characters and lone surrogates are refused: Postgres can't hold some of them. */
export function line(least: number, most: number) {
  const error = `text of ${least} to ${most} characters without control characters`;
  return z
    .string({ error })
    .min(least, { error })
    .max(most, { error })
    .regex(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u, { error });
}

/** An object with these fields and no other. */
export function object<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const fields = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys'
        ? fields === ''
          ? 'nothing: there are no fields here'
          : `no such field, only ${fields}`
        : `an object with the fields ${fields}`,
  });
}

/** A whole number in a query string. */
export function queryInteger(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`;
  return z
    .string({ error: expected })
    .regex(/^\d{1,16}$/, { error: expected })
    .transform(Number)
    .refine((value) => value >= least && value <= most, { error: expected })
    .meta({ type: 'integer', minimum: least, maximum: most, pattern: undefined });
}

/** A time in UTC, ISO 8601 with milliseconds, as `Date.toISOString` writes it. */
export const time = z.iso.datetime().meta({ example: '2026-01-31T12:00:00.000Z' });

/** A share of images, 0 to 1. */
export const accuracy = z.number().min(0).max(1);

/** Bytes in steps of a bit: weights of 3 bits may end on an eighth. */
export const bytes = z
  .number()
  .min(0)
  .multipleOf(1 / 8);
