import type { ComponentChildren } from 'preact';
import { connection } from '../live/service.ts';
import { session, signOut } from '../live/session.ts';
import { links, path } from '../router/router.ts';
import { theme, toggleTheme } from './theme.ts';

/** What every page has: the way to the others, and how it stands with the service. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  return (
    <>
      <header class="topbar">
        <div class="topbar-inner">
          <a class="brand" href={links.experiments} aria-label="bitkiln, all experiments">
            <Mark />
            bitkiln
          </a>
          <nav aria-label="Pages" style={{ display: 'flex', gap: '2px' }}>
            <NavLink href={links.experiments} title="Experiments" current={isExperiments(path.value)} />
            <NavLink href={links.fleet} title="Fleet" current={path.value === links.fleet} />
          </nav>
          <span class="spacer" />
          {session.value?.role !== null && <ConnectionChip />}
          <Account />
          <a class="nav-link wide-only" href="/docs" target="_blank" rel="noreferrer">
            API
          </a>
          <button
            type="button"
            class="button quiet"
            onClick={toggleTheme}
            aria-label={theme.value === 'dark' ? 'Use the light theme' : 'Use the dark theme'}
          >
            <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
              <path d="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 1.6v10.8a5.4 5.4 0 0 1 0-10.8z" />
            </svg>
          </button>
        </div>
      </header>
      {connection.value === 'lost' && (
        <div class="lost" role="alert">
          The service can’t be reached. What you see is as it was; the page catches up by itself as soon as it
          answers.
        </div>
      )}
      <main class="page">{children}</main>
    </>
  );
}

function isExperiments(pathname: string): boolean {
  return pathname === '/' || pathname.startsWith('/ui/experiments') || pathname.startsWith('/ui/trials');
}

function NavLink(props: { readonly href: string; readonly title: string; readonly current: boolean }) {
  return (
    <a class="nav-link" href={props.href} aria-current={props.current ? 'page' : undefined}>
      {props.title}
    </a>
  );
}

/** Whose token the page uses, and the way out; nothing where none is needed. */
function Account() {
  if (session.value === null || session.value.role === null || !session.value.tokenRequired) return null;
  const { name, role } = session.value;
  return (
    <>
      <span class="account truncate wide-only" title={`${name}, ${role}`}>
        {name} <span class="role">{role === 'read' ? 'read only' : role}</span>
      </span>
      <button type="button" class="button quiet" onClick={signOut}>
        Sign out
      </button>
    </>
  );
}

function ConnectionChip() {
  const state = connection.value;
  const tone = { live: 'good', connecting: 'quiet', lost: 'bad' }[state];
  const title = { live: 'live', connecting: 'connecting', lost: 'reconnecting' }[state];
  return (
    <span class="chip" data-tone={tone} role="status" aria-label={`connection: ${title}`}>
      {title}
    </span>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path d="M5 28V15a11 11 0 0 1 22 0v13h-6V16a5 5 0 0 0-10 0v12z" fill="var(--faint)" />
      <path d="M13 28v-6h2v-4h2v3h2v7z" fill="var(--ember)" />
    </svg>
  );
}
