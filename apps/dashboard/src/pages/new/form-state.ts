import type { Experiment, StageName, StrategyName } from '../../api/types.ts';
import { stageNames } from '../../api/types.ts';

/** The form as it stands: texts, since a number half typed is no number yet. */
export interface FormState {
  readonly name: string;
  readonly network: string;
  readonly dataset: string;
  readonly augmentation: string;
  readonly budgetBytes: string;
  readonly strategy: StrategyName;
  readonly seed: string;
  readonly preset: 'published' | 'quick';
  /** Trials and epochs of each stage; empty means the preset's. */
  readonly stages: Readonly<Record<StageName, { readonly trials: string; readonly epochs: string }>>;
}

const presetsOwn = { trials: '', epochs: '' };

export const initialForm: FormState = {
  name: '',
  network: 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)',
  dataset: 'mnist',
  augmentation: 'none',
  budgetBytes: '2048',
  strategy: 'herringbone',
  seed: '1',
  preset: 'quick',
  stages: { float: presetsOwn, movingScales: presetsOwn, frozenScales: presetsOwn },
};

/** A form that starts the same experiment again, with the next seed. */
export function formOf(experiment: Experiment): FormState {
  const { name, network, dataset, augmentation, budgetBytes, strategy, seed, stages } = experiment;
  const settings = Object.fromEntries(
    stages.map((stage) => [
      stage.name,
      { trials: String(stage.settings.trials), epochs: String(stage.settings.epochs) },
    ]),
  ) as unknown as FormState['stages'];
  return {
    ...initialForm,
    name: name === network ? '' : name,
    network,
    dataset,
    augmentation,
    budgetBytes: String(budgetBytes),
    strategy: strategy as StrategyName,
    seed: String(seed + 1),
    stages: settings,
  };
}

/** The body of `POST /experiments`: what differs from the defaults, and the network. */
export function toBody(form: FormState): Record<string, unknown> {
  const stages = stageNames.flatMap((name) => {
    const { trials, epochs } = form.stages[name];
    const given = {
      ...(trials === '' ? {} : { trials: number(trials) }),
      ...(epochs === '' ? {} : { epochs: number(epochs) }),
    };
    return Object.keys(given).length === 0 ? [] : [[name, given] as const];
  });
  return {
    ...(form.name.trim() === '' ? {} : { name: form.name.trim() }),
    network: networkOf(form.network),
    dataset: form.dataset,
    augmentation: form.augmentation,
    budgetBytes: number(form.budgetBytes),
    strategy: form.strategy,
    seed: number(form.seed),
    protocol: { preset: form.preset, ...Object.fromEntries(stages) },
  };
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
