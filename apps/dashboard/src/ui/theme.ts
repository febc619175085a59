import { signal } from '@preact/signals';

const system = matchMedia('(prefers-color-scheme: dark)');
const chosen = () => document.documentElement.dataset.theme;

/** The theme in force; canvases read their colours anew when it changes. */
export const theme = signal<'dark' | 'light'>(current());

system.addEventListener('change', () => {
  theme.value = current();
});

export function toggleTheme(): void {
  const next = theme.value === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem('theme', next);
  } catch {
    // Where nothing may be kept, the choice lasts as long as the page.
  }
  theme.value = next;
}

function current(): 'dark' | 'light' {
  const name = chosen();
  if (name === 'dark' || name === 'light') return name;
  return system.matches ? 'dark' : 'light';
}

const probe = document.createElement('span');
probe.hidden = true;

/** The colour that a custom property stands for in the theme in force, as a canvas takes it. */
export function cssColor(name: string): string {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}
