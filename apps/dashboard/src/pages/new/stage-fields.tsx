import { useState } from 'preact/hooks';
import type { ApiError } from '../../api/client.ts';
import { type Check, type StageName, type StageSettings, stageNames } from '../../api/types.ts';
import { stageTitle } from '../../format/format.ts';
import type { FormState, StageFields } from './form-state.ts';

interface Column {
  readonly field: keyof StageFields;
  readonly title: string;
  /** Where the API tells of it, below the stage. */
  readonly pointer: string;
  readonly preset: (settings: StageSettings) => number;
}

const length: readonly Column[] = [
  { field: 'trials', title: 'trials', pointer: 'trials', preset: ({ trials }) => trials },
  { field: 'epochs', title: 'epochs', pointer: 'epochs', preset: ({ epochs }) => epochs },
];
const pace: readonly Column[] = [
  { field: 'batchSize', title: 'batch size', pointer: 'batchSize', preset: ({ batchSize }) => batchSize },
  {
    field: 'initial',
    title: 'initial rate',
    pointer: 'learningRate/initial',
    preset: ({ learningRate }) => learningRate.initial,
  },
  {
    field: 'decay',
    title: 'decay',
    pointer: 'learningRate/decay',
    preset: ({ learningRate }) => learningRate.decay,
  },
  {
    field: 'minimum',
    title: 'minimum rate',
    pointer: 'learningRate/minimum',
    preset: ({ learningRate }) => learningRate.minimum,
  },
];

interface Props {
  readonly form: FormState;
  readonly check: Check | null;
  readonly error: ApiError | null;
  readonly onChange: (form: FormState) => void;
}

/** The numbers of the protocol, stage by stage; what is left empty is the preset's, which stands in the field. */
export function StagesFields(props: Props) {
  const { form, error } = props;
  const [asked, setAsked] = useState(false);
  const filled = stageNames.some((name) => pace.some(({ field }) => form.stages[name][field] !== ''));
  const faulty =
    error?.errors.some(({ field }) => pace.some(({ pointer }) => field.endsWith(pointer))) ?? false;
  return (
    <>
      <StageTable {...props} columns={length} />
      <details
        class="more"
        open={asked || filled || faulty}
        onToggle={(event) => setAsked(event.currentTarget.open)}
      >
        <summary>Batch size and learning rate</summary>
        <StageTable {...props} columns={pace} />
        <p class="field-hint">
          Epoch e learns at the initial rate times decay to the e, and never below the minimum.
        </p>
      </details>
    </>
  );
}

function StageTable(props: Props & { readonly columns: readonly Column[] }) {
  return (
    <table class="stages">
      <thead>
        <tr>
          <th>Stage</th>
          {props.columns.map(({ field, title }) => (
            <th key={field}>{title[0]!.toUpperCase() + title.slice(1)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {stageNames.map((name) => (
          <StageRow key={name} {...props} name={name} />
        ))}
      </tbody>
    </table>
  );
}

function StageRow(props: Props & { readonly columns: readonly Column[]; readonly name: StageName }) {
  const { name, form, check, error, columns, onChange } = props;
  const given = form.stages[name];
  const faultOf = ({ pointer }: Column) =>
    error?.errors.find(({ field }) => field === `/protocol/${name}/${pointer}`)?.expected;
  const faults = columns.flatMap((column) => {
    const expected = faultOf(column);
    return expected === undefined ? [] : [{ column, expected }];
  });
  const faultId = `fault-${name}-${columns[0]!.field}`;
  return (
    <>
      <tr>
        <td>{stageTitle(name)}</td>
        {columns.map((column) => (
          <td key={column.field}>
            <input
              class="input"
              inputMode="decimal"
              autocomplete="off"
              aria-label={`${stageTitle(name)}, ${column.title}`}
              aria-invalid={faultOf(column) !== undefined}
              aria-describedby={faultOf(column) === undefined ? undefined : faultId}
              placeholder={check === null ? '' : String(column.preset(check.protocol[name]))}
              value={given[column.field]}
              onInput={(event) =>
                onChange({
                  ...form,
                  stages: { ...form.stages, [name]: { ...given, [column.field]: event.currentTarget.value } },
                })
              }
            />
          </td>
        ))}
      </tr>
      {faults.length > 0 && (
        <tr class="stage-faults">
          <td colSpan={columns.length + 1} id={faultId} class="field-fault">
            {faults
              .map(({ column, expected }) => `${stageTitle(name)}, ${column.title}: expected ${expected}`)
              .join('; ')}
          </td>
        </tr>
      )}
    </>
  );
}
