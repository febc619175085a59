import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api/client.ts';

const tones: Readonly<Record<string, string>> = {
  running: 'hot',
  evaluating: 'hot',
  online: 'good',
  succeeded: 'good',
  failed: 'bad',
  lost: 'bad',
};

/** A state in words, with a lamp. */
export function StateChip({ state }: { readonly state: string }) {
  return (
    <span class="chip" data-tone={tones[state] ?? 'quiet'}>
      {state}
    </span>
  );
}

export function Panel(props: {
  readonly title: ComponentChildren;
  readonly hint?: ComponentChildren;
  readonly tools?: ComponentChildren;
  readonly flush?: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{props.title}</h2>
        {props.hint && <span class="hint truncate">{props.hint}</span>}
        <span class="spacer" />
        {props.tools}
      </div>
      <div class={props.flush ? '' : 'panel-body'}>{props.children}</div>
    </section>
  );
}

export function ProgressBar(props: {
  readonly value: number;
  readonly label: string;
  readonly tone?: 'good' | 'quiet' | 'bad' | undefined;
}) {
  const share = Math.min(Math.max(props.value, 0), 1);
  return (
    <div
      class="bar"
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      data-tone={props.tone}
    >
      <span style={{ width: `${share * 100}%` }} />
    </div>
  );
}

/** One of a few ways to look at something. */
export function Tabs<T extends string>(props: {
  readonly label: string;
  readonly options: readonly (readonly [T, string])[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}) {
  return (
    <fieldset class="tabs">
      <legend class="visually-hidden">{props.label}</legend>
      {props.options.map(([value, title]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === props.value}
          onClick={() => props.onChange(value)}
        >
          {title}
        </button>
      ))}
    </fieldset>
  );
}

function ColdKiln() {
  return (
    <svg viewBox="0 0 56 56" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true">
      <path d="M8 48V26a20 20 0 0 1 40 0v22" />
      <path d="M4 48h48M18 48V30a10 10 0 0 1 20 0v18M12 36h6M38 36h6M13 24h5M38 24h5" />
    </svg>
  );
}

/** Nothing is there, and what to do about it. */
export function Empty(props: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="state">
      <ColdKiln />
      <h2>{props.title}</h2>
      {props.children}
    </div>
  );
}

/** Something could not be read. */
export function Failure({ error, retry }: { readonly error: ApiError; readonly retry?: () => void }) {
  return (
    <div class="state" role="alert">
      <ColdKiln />
      <h2>{error.title}</h2>
      <p>{error.message}</p>
      {retry && error.status !== 404 && (
        <button type="button" class="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Holds the place of what is being read. */
export function Loading({ height = 120 }: { readonly height?: number }) {
  return (
    <div class="skeleton" style={{ height: `${height}px` }} role="status">
      <span class="visually-hidden">Loading</span>
    </div>
  );
}
