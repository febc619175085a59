import { show } from '../show.ts';
import { type PresetName, presetNames, presets } from './presets.ts';
import {
  type LearningRate,
  type Protocol,
  type StageName,
  type StageSettings,
  stageNames,
} from './protocol.ts';
import { ProtocolError } from './protocol-error.ts';

export interface StageOverrides extends Partial<Omit<StageSettings, 'learningRate'>> {
  readonly learningRate?: Partial<LearningRate>;
}

/** A preset and the numbers that differ from it, as an experiment states them. */
export type ProtocolOverrides = Readonly<Partial<Record<StageName, StageOverrides>>> & {
  readonly preset?: PresetName;
};

/** Bounds of the whole numbers of a stage, both ends included. */
export const stageLimits = {
  trials: { minimum: 1, maximum: 10_000 },
  epochs: { minimum: 1, maximum: 10_000 },
  batchSize: { minimum: 1, maximum: 65_536 },
} as const;

/**
 * The protocol that an experiment asks for: a preset (`published` unless it names another) with any number of
 * any stage overridden. Takes unchecked input, such as parsed JSON.
 * @throws ProtocolError naming the field (`float.trials`), its value and what was expected.
 */
export function resolveProtocol(overrides: unknown = {}): Protocol {
  const given = record('', overrides, ['preset', ...stageNames]);
  const preset = given.preset === undefined ? 'published' : given.preset;
  if (!isPresetName(preset)) throw new ProtocolError('preset', preset, `one of ${presetNames.join(', ')}`);
  const stage = (name: StageName): StageSettings => resolveStage(name, given[name], presets[preset][name]);
  return {
    float: stage('float'),
    movingScales: stage('movingScales'),
    frozenScales: stage('frozenScales'),
  };
}

function resolveStage(name: StageName, overrides: unknown, preset: StageSettings): StageSettings {
  const given = record(name, overrides, ['trials', 'epochs', 'batchSize', 'learningRate']);
  const count = (field: keyof typeof stageLimits): number => {
    const { minimum, maximum } = stageLimits[field];
    const expected = `a whole number from ${minimum} to ${maximum}`;
    const accepts = (value: number) => Number.isInteger(value) && value >= minimum && value <= maximum;
    return number(`${name}.${field}`, given[field], preset[field], accepts, expected);
  };
  return {
    trials: count('trials'),
    epochs: count('epochs'),
    batchSize: count('batchSize'),
    learningRate: resolveLearningRate(`${name}.learningRate`, given.learningRate, preset.learningRate),
  };
}

function resolveLearningRate(path: string, overrides: unknown, preset: LearningRate): LearningRate {
  const given = record(path, overrides, ['initial', 'decay', 'minimum']);
  const upTo = (limit: number) => (value: number) => value > 0 && value <= limit;
  const initial = number(
    `${path}.initial`,
    given.initial,
    preset.initial,
    upTo(10),
    'a number above 0 and at most 10',
  );
  const decay = number(`${path}.decay`, given.decay, preset.decay, upTo(1), 'a number above 0 and at most 1');
  const minimum = number(
    `${path}.minimum`,
    given.minimum,
    Math.min(preset.minimum, initial),
    (value) => value >= 0 && value <= initial,
    `a number from 0 to the initial rate, ${initial}`,
  );
  return { initial, decay, minimum };
}

function number(
  path: string,
  value: unknown,
  fallback: number,
  accepts: (value: number) => boolean,
  expected: string,
): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !accepts(value)) throw new ProtocolError(path, value, expected);
  return value;
}

function record(path: string, value: unknown, fields: readonly string[]): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  const expected = `an object with some of ${fields.join(', ')}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError(path, value, expected);
  }
  for (const [field, inner] of Object.entries(value)) {
    if (fields.includes(field)) continue;
    const known = `one of ${fields.join(', ')}`;
    const owner = path === '' ? 'protocol' : `protocol.${path}`;
    const place = path === '' ? field : `${path}.${field}`;
    throw new ProtocolError(place, inner, known, `${owner} has no field ${show(field)}; expected ${known}`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function isPresetName(value: unknown): value is PresetName {
  return presetNames.some((name) => name === value);
}
