// How soon the page paints and how smoothly it moves, on a service with 10,000 trials, one of whose experiments has
// 5,000 trials and 254,000 recorded epochs: `npx tsx bench/page.ts`. Every figure of frames stands beside that of the
// same page at rest, in the same run.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres } from '@bitkiln/infra';
import { connectDatabase } from '@bitkiln/lifecycle';
import pg from 'pg';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../test/browser/support/browser.ts';
import { fillFloatStage } from '../test/browser/support/large-experiment.ts';
import { startPageService } from '../test/browser/support/service.ts';
import { createClient } from '../test/end-to-end/support/client.ts';
import { type Frames, framesDuring, hover, wheel } from './page/frames.ts';
import { recordSteadily } from './page/record-steadily.ts';
import { quantile } from './statistics.ts';

const visits = 5;
const eventsPerSecond = 20;
const network = 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)';

const home = await mkdtemp(join(tmpdir(), 'bitkiln-bench-page-'));
const postgres = await startEmbeddedPostgres({ directory: home, settings: { fsync: 'off' } });
const service = await startPageService({ DATABASE_URL: postgres.url });
const browser = await launchBrowser();
const database = await connectDatabase(postgres.url);
try {
  const id = await fill();
  console.log(
    `${cpus().length} cores, ${cpus()[0]!.model}; load ${loadavg()[0]!.toFixed(1)} before the first visit`,
  );
  await visitAll(browser, id);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${service.url}/ui/experiments/${id}?sort=loss`);
  await page.locator('canvas.curves').first().waitFor();
  await sleep(3000);
  const idle = await framesDuring(page, () => sleep(4000));
  tell('at rest', idle, idle);
  await moveAround(page, '', idle);
  const stop = await recordSteadily(database, id, eventsPerSecond);
  await sleep(1000);
  tell(`at rest, ${eventsPerSecond} events/s`, await framesDuring(page, () => sleep(6000)), idle);
  await moveAround(page, `, ${eventsPerSecond} events/s`, idle);
  console.log(`${await stop()} epochs were recorded meanwhile; load ${loadavg()[0]!.toFixed(1)} at the end`);
} finally {
  await browser.close();
  await database.close();
  await service.kill();
  await postgres.stop();
  await rm(home, { recursive: true, force: true });
}

/** Ten thousand trials; the id of the experiment that has half of them. */
async function fill(): Promise<string> {
  const client = createClient(service.url);
  const stages = { movingScales: { trials: 10 }, frozenScales: { trials: 10 } };
  for (let i = 0; i < 5; i++) {
    const protocol = { float: { trials: 1000, epochs: 50 }, ...stages };
    await client.submit({ name: `Experiment ${i}`, network, protocol });
  }
  const { id } = await client.submit({
    name: 'Five thousand trials',
    network,
    protocol: { float: { trials: 5000, epochs: 51 }, ...stages },
  });
  const connection = new pg.Client({ connectionString: postgres.url });
  await connection.connect();
  await fillFloatStage(connection, id);
  await connection.end();
  return id;
}

/** First paint and content of each page, in a browser that has not been here and in one that has. */
async function visitAll(from: Browser, id: string): Promise<void> {
  for (const [name, path, ready] of [
    ['a picture of 1 KB (the baseline)', '/favicon.svg', 'svg'],
    ['experiments', '/', 'a.experiment-row'],
    ['experiment, its figures', `/ui/experiments/${id}`, '.readouts'],
    ['experiment, its curves', `/ui/experiments/${id}`, 'canvas.curves'],
  ] as const) {
    const first: Visit[] = [];
    const again: Visit[] = [];
    for (let i = 0; i < visits; i++) {
      const context = await from.newContext({ viewport: { width: 1280, height: 800 } });
      const page = await context.newPage();
      first.push(await visit(page, path, ready));
      again.push(await visit(page, path, ready));
      await context.close();
    }
    console.log(`${name}: ${showVisits(first)}; a later visit: ${showVisits(again)}`);
  }
}

interface Visit {
  readonly paint: number;
  readonly content: number;
}

async function visit(page: Page, path: string, ready: string): Promise<Visit> {
  const started = performance.now();
  await page.goto(new URL(path, service.url).href, { waitUntil: 'commit' });
  await page.locator(ready).first().waitFor({ timeout: 60_000 });
  const content = performance.now() - started;
  const paint = await page.evaluate<number | null>(
    'performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null',
  );
  return { paint: paint ?? Number.NaN, content };
}

function showVisits(all: readonly Visit[]): string {
  const median = (values: readonly number[]) => quantile(values, 0.5).toFixed(0);
  return `first paint ${median(all.map(({ paint }) => paint))} ms, content ${median(all.map(({ content }) => content))} ms`;
}

async function moveAround(page: Page, condition: string, idle: Frames): Promise<void> {
  const table = page.getByRole('region', { name: /^Trials, / });
  await table.scrollIntoViewIfNeeded();
  tell(
    `scrolling the table of trials${condition}`,
    await framesDuring(page, () => wheel(page, table, 80)),
    idle,
  );
  await page.evaluate('window.scrollTo(0, 0)');
  const curves = page.locator('.chart .u-over').first();
  tell(`pointing along the curves${condition}`, await framesDuring(page, () => hover(page, curves)), idle);
  const plot = page.locator('.selection-plot');
  tell(`pointing at the selection plot${condition}`, await framesDuring(page, () => hover(page, plot)), idle);
}

function tell(what: string, frames: Frames, idle: Frames): void {
  const { median, high, longest, count } = frames;
  const figures = `median ${median.toFixed(1)}, 95% ${high.toFixed(1)}, longest ${longest.toFixed(1)} ms of ${count} frames`;
  console.log(`${what}: ${figures}; 95% against rest: ${(high / idle.high).toFixed(2)}`);
}
