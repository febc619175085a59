import { type PresetName, presetNames, presets } from '@bitkiln/core';
import type { Experiment, StageName, StageSettings, StrategyName } from '../../api/types.ts';
import { stageNames } from '../../api/types.ts';

/** The numbers of a stage as texts; empty means the preset's. */
export interface StageFields {
  readonly trials: string;
  readonly epochs: string;
  readonly batchSize: string;
  readonly initial: string;
  readonly decay: string;
  readonly minimum: string;
}

/** The form as it stands: texts, since a number half typed is no number yet. */
export interface FormState {
  readonly name: string;
  readonly network: string;
  readonly dataset: string;
  readonly augmentation: string;
  readonly budgetBytes: string;
  readonly strategy: StrategyName;
  readonly seed: string;
  readonly priority: string;
  readonly preset: PresetName;
  readonly stages: Readonly<Record<StageName, StageFields>>;
}

const presetsOwn: StageFields = {
  trials: '',
  epochs: '',
  batchSize: '',
  initial: '',
  decay: '',
  minimum: '',
};

export const initialForm: FormState = {
  name: '',
  network: 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)',
  dataset: 'mnist',
  augmentation: 'none',
  budgetBytes: '2048',
  strategy: 'herringbone',
  seed: '1',
  priority: '10',
  preset: 'quick',
  stages: { float: presetsOwn, movingScales: presetsOwn, frozenScales: presetsOwn },
};

/** A form that starts the same experiment once more, to the last number. */
export function formOf(experiment: Experiment): FormState {
  const { name, network, dataset, augmentation, budgetBytes, strategy, seed, priority, stages } = experiment;
  return {
    // Where it was given no name, the service takes as much of the network as a name may hold.
    name: name === network.slice(0, 200) ? '' : name,
    network,
    dataset,
    augmentation,
    budgetBytes: String(budgetBytes),
    strategy: strategy as StrategyName,
    seed: String(seed),
    priority: String(priority),
    preset: nearestPreset(stages),
    stages: Object.fromEntries(
      stages.map((stage) => [stage.name, toFields(stage.settings)]),
    ) as unknown as FormState['stages'],
  };
}

function toFields({ trials, epochs, batchSize, learningRate }: StageSettings): StageFields {
  return {
    trials: String(trials),
    epochs: String(epochs),
    batchSize: String(batchSize),
    initial: String(learningRate.initial),
    decay: String(learningRate.decay),
    minimum: String(learningRate.minimum),
  };
}

/** No experiment records its preset: the one that most of its numbers are from. With all of them given, none counts. */
function nearestPreset(stages: Experiment['stages']): PresetName {
  const shared = (preset: PresetName) =>
    stages.reduce((sum, { name, settings }) => {
      const [own, given] = [toFields(settings), toFields(presets[preset][name])];
      return (
        sum +
        Object.keys(own).filter((key) => own[key as keyof StageFields] === given[key as keyof StageFields])
          .length
      );
    }, 0);
  return presetNames.toSorted((a, b) => shared(b) - shared(a))[0]!;
}

/** The body of `POST /experiments`: all that the form says, and of the protocol what is not left to the preset. */
export function toBody(form: FormState): Record<string, unknown> {
  const stages = stageNames.flatMap((name) => {
    const { trials, epochs, batchSize, ...rate } = form.stages[name];
    const learningRate = given(rate);
    const numbers = {
      ...given({ trials, epochs, batchSize }),
      ...(Object.keys(learningRate).length === 0 ? {} : { learningRate }),
    };
    return Object.keys(numbers).length === 0 ? [] : [[name, numbers] as const];
  });
  return {
    ...(form.name.trim() === '' ? {} : { name: form.name.trim() }),
    network: networkOf(form.network),
    dataset: form.dataset,
    augmentation: form.augmentation,
    budgetBytes: number(form.budgetBytes),
    strategy: form.strategy,
    seed: number(form.seed),
    priority: number(form.priority),
    protocol: { preset: form.preset, ...Object.fromEntries(stages) },
  };
}

/** The fields that are not empty, as numbers. */
function given(fields: Readonly<Record<string, string>>): Record<string, number | string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, text]) => (text === '' ? [] : [[name, number(text)]])),
  );
}

/** Line breaks are for the reader: the API takes one line. */
function networkOf(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}

/** What is no number goes out as it was typed, so that the API says what is wrong with it. */
function number(text: string): number | string {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** The command that posts the same body. */
export function toCurl(body: object): string {
  const json = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  return `curl -s ${location.origin}/experiments \\\n  -H 'content-type: application/json' \\\n  -d '${json}'`;
}
