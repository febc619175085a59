import { computed, signal } from '@preact/signals';

/** Where the page is: everything that a shared link says. */
const address = signal(new URL(location.href));

export const path = computed(() => address.value.pathname);
export const query = computed(() => address.value.searchParams);

/** Goes to an address of this page. */
export function navigate(href: string, options: { readonly replace?: boolean } = {}): void {
  const next = new URL(href, location.href);
  if (next.href === address.value.href) return;
  if (options.replace) history.replaceState(null, '', next);
  else history.pushState(null, '', next);
  const moved = next.pathname !== address.value.pathname;
  address.value = next;
  if (moved) window.scrollTo(0, 0);
}

/** Changes fields of the query; null takes one out. It adds no step to the history. */
export function setQuery(fields: Readonly<Record<string, string | null>>): void {
  const next = new URL(address.value);
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === '') next.searchParams.delete(name);
    else next.searchParams.set(name, value);
  }
  navigate(next.href, { replace: true });
}

/** Lets links within the page change it instead of loading it anew. */
export function startRouter(): void {
  window.addEventListener('popstate', () => {
    address.value = new URL(location.href);
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest('a');
    if (link === null || link.target !== '' || link.hasAttribute('download')) return;
    const { pathname, origin, href } = new URL(link.href);
    if (origin !== location.origin || !(pathname === '/' || pathname.startsWith('/ui/'))) return;
    event.preventDefault();
    navigate(href);
  });
}

export const links = {
  experiments: '/',
  newExperiment: '/ui/new',
  fleet: '/ui/fleet',
  experiment: (id: string) => `/ui/experiments/${id}`,
  winner: (id: string) => `/ui/experiments/${id}/winner`,
  trial: (id: string) => `/ui/trials/${id}`,
} as const;
