import { signal } from '@preact/signals';

/** The time, to the second; while the page is hidden it stands still. */
export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);
