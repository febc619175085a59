import { useEffect, useMemo, useState } from 'preact/hooks';
import { type ApiError, get, post, toApiError } from '../../api/client.ts';
import type { Experiment } from '../../api/types.ts';
import { refusalFor } from '../../live/session.ts';
import { links, navigate, query } from '../../router/router.ts';
import { Panel, Tabs } from '../../ui/parts.tsx';
import { CheckPanel } from './check-panel.tsx';
import { formOf, initialForm, toBody, toCurl } from './form-state.ts';
import { NewForm } from './new-form.tsx';
import { useCheck } from './use-check.ts';

/** Starts an experiment: the form on the left, what it will be on the right. */
export default function NewExperimentPage() {
  const [form, setForm] = useState(initialForm);
  const [sending, setSending] = useState(false);
  const [refused, setRefused] = useState<ApiError | null>(null);
  const [model, setModel] = useState<Experiment | null>(null);
  const body = toBody(form);
  const json = JSON.stringify(body);
  // One key a body: a click that is repeated after a lost reply starts nothing twice.
  const key = useMemo(() => crypto.getRandomValues(new Uint32Array(4)).join('-'), [json]);
  const { check, error, busy } = useCheck(body);
  const from = query.value.get('from');
  const refusal = refusalFor('submit');
  useEffect(() => {
    document.title = 'New experiment · bitkiln';
    if (from === null) return;
    get<Experiment>(`/experiments/${from}`).then(
      (experiment) => {
        setModel(experiment);
        setForm(formOf(experiment));
      },
      (reason) => setRefused(toApiError(reason)),
    );
  }, [from]);

  const submit = async () => {
    setSending(true);
    setRefused(null);
    try {
      const started = await post<Experiment>('/experiments', body, { headers: { 'idempotency-key': key } });
      navigate(links.experiment(started.id));
    } catch (reason) {
      setRefused(toApiError(reason));
      setSending(false);
    }
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div class="page-head">
        <div>
          <h1>New experiment</h1>
          <p class="subtitle">One network, many trials. Everything left empty is the protocol’s.</p>
        </div>
        <div class="page-actions">
          <a class="button quiet" href={links.experiments}>
            Not now
          </a>
          <button
            type="submit"
            class="button primary"
            disabled={refusal !== null || sending || error !== null || check === null || check.fault !== null}
            aria-describedby={refusal === null ? undefined : 'refusal'}
          >
            {sending ? 'Starting…' : 'Start the trials'}
          </button>
        </div>
      </div>
      {refusal !== null && (
        <p class="notice" id="refusal">
          Starting an experiment is not yours to do. {refusal} What it would be is checked all the same.
        </p>
      )}
      {refused !== null && (
        <p class="notice" role="alert">
          {refused.title}: {refused.message}
        </p>
      )}
      {model !== null && form.seed === String(model.seed) && (
        <p class="remark">
          Filled in as <a href={links.experiment(model.id)}>{model.name}</a> was. From the same seed the same
          trials come out, to the byte.{' '}
          <button
            type="button"
            class="button"
            onClick={() => setForm({ ...form, seed: String(model.seed + 1) })}
          >
            Use seed {model.seed + 1}
          </button>
        </p>
      )}
      <div class="grid columns-2">
        <NewForm form={form} check={check} error={error} onChange={setForm} />
        <div class="grid stacked">
          <CheckPanel check={check} error={error} busy={busy} />
          <Request body={body} />
        </div>
      </div>
    </form>
  );
}

const forms = [
  ['curl', 'curl'],
  ['json', 'JSON'],
] as const;

/** The same request for a terminal, to copy. */
function Request({ body }: { readonly body: object }) {
  const [form, setForm] = useState<'curl' | 'json'>('curl');
  const [copied, setCopied] = useState(false);
  const text = form === 'curl' ? toCurl(body) : JSON.stringify(body, null, 2);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <Panel
      title="The same from a terminal"
      tools={
        <>
          <Tabs label="Form of the request" options={forms} value={form} onChange={setForm} />
          <button type="button" class="button" onClick={copy}>
            {copied ? 'Copied' : 'Copy'}
          </button>
        </>
      }
      flush
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <pre class="request" tabIndex={0}>
        {text}
      </pre>
    </Panel>
  );
}
