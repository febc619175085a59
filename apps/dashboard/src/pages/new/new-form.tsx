import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { ApiError } from '../../api/client.ts';
import { get } from '../../api/client.ts';
import { type Check, type StageName, type StrategyName, stageNames } from '../../api/types.ts';
import { stageTitle } from '../../format/format.ts';
import { useResource } from '../../live/use-resource.ts';
import { Panel, Tabs } from '../../ui/parts.tsx';
import type { FormState } from './form-state.ts';

const presets = [
  ['quick', 'Quick look'],
  ['published', 'As published'],
] as const;

const strategies: readonly (readonly [StrategyName, string])[] = [
  ['herringbone', 'Herringbone'],
  ['transpose', 'Transpose'],
  ['normal', 'Row by row'],
  ['naive', 'Naive'],
];

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
  const names = datasets.data?.items.map(({ name }) => name) ?? [form.dataset];
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
        <div class="form-row">
          <Field label="Data set">
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
          <Field label="Budget, bytes" fault={at('/budgetBytes')}>
            {(id) => (
              <Text
                id={id}
                numeric
                value={form.budgetBytes}
                fault={at('/budgetBytes')}
                onInput={(value) => set('budgetBytes', value)}
              />
            )}
          </Field>
          <Field label="Seed" fault={at('/seed')}>
            {(id) => (
              <Text
                id={id}
                numeric
                value={form.seed}
                fault={at('/seed')}
                onInput={(value) => set('seed', value)}
              />
            )}
          </Field>
        </div>
        <div class="field">
          <span class="field-label">How convolutions overwrite their input</span>
          <Tabs
            label="Strategy"
            options={strategies}
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
        <table class="stages">
          <thead>
            <tr>
              <th>Stage</th>
              <th>Trials</th>
              <th>Epochs</th>
            </tr>
          </thead>
          <tbody>
            {stageNames.map((name) => (
              <StageRow
                key={name}
                name={name}
                form={form}
                check={check}
                fault={at(`/protocol/${name}`)}
                onChange={onChange}
              />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function StageRow(props: {
  readonly name: StageName;
  readonly form: FormState;
  readonly check: Check | null;
  readonly fault: string | undefined;
  readonly onChange: (form: FormState) => void;
}) {
  const { name, form, check, fault, onChange } = props;
  const given = form.stages[name];
  const input = (field: 'trials' | 'epochs') => (
    <input
      class="input"
      inputMode="numeric"
      aria-label={`${stageTitle(name)}, ${field}`}
      aria-invalid={fault !== undefined}
      title={fault}
      placeholder={check === null ? '' : String(check.protocol[name][field])}
      value={given[field]}
      onInput={(event) =>
        onChange({
          ...form,
          stages: { ...form.stages, [name]: { ...given, [field]: event.currentTarget.value } },
        })
      }
    />
  );
  return (
    <tr>
      <td>{stageTitle(name)}</td>
      <td>{input('trials')}</td>
      <td>{input('epochs')}</td>
    </tr>
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
