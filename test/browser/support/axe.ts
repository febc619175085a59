import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly impact: string;
  /** The first few elements concerned. */
  readonly nodes: readonly string[];
}

/** What axe finds on the page as it is, of serious or critical impact. */
export async function seriousFaults(page: Page): Promise<Violation[]> {
  await page.evaluate(source);
  const found = await page.evaluate<Violation[]>(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.slice(0, 3).map(({ html }) => html) })))`,
  );
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
}
