import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { ApiError } from '../../api/client.ts';
import { get } from '../../api/client.ts';
import type { Check } from '../../api/types.ts';
import { strategyTitles } from '../../format/format.ts';
import { useResource } from '../../live/use-resource.ts';
import { Panel, Tabs } from '../../ui/parts.tsx';
import type { FormState } from './form-state.ts';
import { StagesFields } from './stage-fields.tsx';

const presets = [
  ['quick', 'Quick look'],
  ['published', 'As published'],
] as const;

/** The API knows these; what each does to the training images. */
const augmentations: readonly (readonly [string, string])[] = [
  ['none', 'None: the images as they are'],
  ['elastic', 'Elastic: four times as many, deformed'],
  ['published', 'Published: elastic, filtered by a teacher'],
];

const numbers = [
  ['budgetBytes', 'Budget, bytes', 'weights and activations together'],
  ['seed', 'Seed', 'the same gives the same bytes'],
  ['priority', 'Priority', 'share of the workers, 1 to 100'],
] as const;

interface Props {
  readonly form: FormState;
  readonly check: Check | null;
  readonly error: ApiError | null;
  readonly onChange: (form: FormState) => void;
}

export function NewForm({ form, check, error, onChange }: Props) {
  const set = <K extends keyof FormState>(field: K, value: FormState[K]) =>
    onChange({ ...form, [field]: value });
  const at = (pointer: string) => error?.errors.find(({ field }) => field.startsWith(pointer))?.expected;
  const datasets = useResource('datasets', (signal) =>
    get<{ items: readonly { readonly name: string }[] }>('/datasets', signal),
  );
  const known = datasets.data?.items.map(({ name }) => name) ?? [];
  const names = known.includes(form.dataset) ? known : [form.dataset, ...known];
  return (
    <Panel title="The experiment">
      <div class="form">
        <Field
          label="Network"
          hint="A average pool, C convolution, M max pool, D dropout, F dense, S the classes; bits as @w4b8a4"
        >
          {(id) => (
            <textarea
              id={id}
              class="input"
              rows={3}
              spellcheck={false}
              value={form.network}
              aria-invalid={error !== null && (error.errors.length === 0 || at('/network') !== undefined)}
              onInput={(event) => set('network', event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label="Name" hint="for people; the network where it is empty">
          {(id) => <Text id={id} value={form.name} onInput={(value) => set('name', value)} />}
        </Field>
        <div class="form-row two">
          <Field label="Data set" fault={at('/dataset')}>
            {(id) => (
              <select
                id={id}
                class="input"
                value={form.dataset}
                onChange={(event) => set('dataset', event.currentTarget.value)}
              >
                {names.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            )}
          </Field>
          <Field label="Augmentation" fault={at('/augmentation')}>
            {(id) => (
              <select
                id={id}
                class="input"
                value={form.augmentation}
                onChange={(event) => set('augmentation', event.currentTarget.value)}
              >
                {augmentations.map(([name, title]) => (
                  <option key={name} value={name}>
                    {title}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
        <div class="form-row">
          {numbers.map(([field, label, hint]) => (
            <Field key={field} label={label} hint={hint} fault={at(`/${field}`)}>
              {(id) => (
                <Text
                  id={id}
                  numeric
                  value={form[field]}
                  fault={at(`/${field}`)}
                  onInput={(value) => set(field, value)}
                />
              )}
            </Field>
          ))}
        </div>
        <div class="field">
          <span class="field-label">How convolutions overwrite their input</span>
          <Tabs
            label="Strategy"
            options={strategyTitles}
            value={form.strategy}
            onChange={(value) => set('strategy', value)}
          />
        </div>
        <div class="field">
          <span class="field-label">Protocol</span>
          <Tabs
            label="Protocol"
            options={presets}
            value={form.preset}
            onChange={(value) => set('preset', value)}
          />
        </div>
        <StagesFields form={form} check={check} error={error} onChange={onChange} />
      </div>
    </Panel>
  );
}

function Field(props: {
  readonly label: string;
  readonly hint?: string;
  readonly fault?: string | undefined;
  readonly children: (id: string) => ComponentChildren;
}) {
  const id = useId();
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {props.label}
      </label>
      {props.children(id)}
      {props.fault !== undefined && <p class="field-fault">expected {props.fault}</p>}
      {props.hint !== undefined && <p class="field-hint">{props.hint}</p>}
    </div>
  );
}

function Text(props: {
  readonly id: string;
  readonly value: string;
  readonly numeric?: boolean;
  readonly fault?: string | undefined;
  readonly onInput: (value: string) => void;
}) {
  return (
    <input
      id={props.id}
      class="input"
      inputMode={props.numeric ? 'decimal' : 'text'}
      autocomplete="off"
      value={props.value}
      aria-invalid={props.fault !== undefined}
      onInput={(event) => props.onInput(event.currentTarget.value)}
    />
  );
}
