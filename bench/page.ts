// How soon the page paints and how smoothly it moves, on a service with 10,000 trials, one of whose experiments has
// 1,000 trials and 250,000 epochs: `npx tsx bench/page.ts`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@bitkiln/infra';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { launchBrowser } from '../test/browser/support/browser.ts';
import { startPageService } from '../test/browser/support/service.ts';
import { createClient } from '../test/end-to-end/support/client.ts';

const home = await mkdtemp(join(tmpdir(), 'bitkiln-bench-page-'));
const postgres = await startEmbeddedPostgres({ directory: home, settings: { fsync: 'off' } });
const service = await startPageService({ DATABASE_URL: postgres.url });
const browser = await launchBrowser();
try {
  const client = createClient(service.url);
  const body = {
    network: 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)',
    protocol: { float: { trials: 1000, epochs: 250 } },
  };
  const ids: string[] = [];
  for (let i = 0; i < 10; i++) ids.push((await client.submit({ ...body, name: `Experiment ${i}` })).id);
  const large = ids.at(-1)!;
  await fillEpochs(large);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  for (const [name, path, ready] of [
    ['empty document', '/favicon.svg', 'svg'],
    ['experiments', '/', 'a.experiment-row'],
    ['experiment of 250,000 epochs', `/ui/experiments/${large}`, 'canvas.curves'],
  ] as const) {
    const started = performance.now();
    await page.goto(new URL(path, service.url).href, { waitUntil: 'commit' });
    await page.locator(ready).first().waitFor({ timeout: 60_000 });
    const shown = performance.now() - started;
    const paint = await page.evaluate<number | null>(
      'performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null',
    );
    console.log(`${name}: first paint ${paint?.toFixed(0) ?? '-'} ms, content ${shown.toFixed(0)} ms`);
  }
  await page.waitForTimeout(2000);
  const idle = await frameTimes(page, async () => page.waitForTimeout(2000));
  const moving = await frameTimes(page, () => hover(page));
  console.log(`frames idle: median ${idle.median.toFixed(1)} ms, 95% ${idle.high.toFixed(1)} ms`);
  console.log(
    `frames while pointing along 1,000 curves: median ${moving.median.toFixed(1)} ms, 95% ${moving.high.toFixed(1)} ms`,
  );
  console.log(`ratio of the medians: ${(moving.median / idle.median).toFixed(2)}`);
} finally {
  await browser.close();
  await service.kill();
  await postgres.stop();
  await rm(home, { recursive: true, force: true });
}

/** Gives all trials of an experiment the epochs of finished ones, as rows alone. */
async function fillEpochs(experimentId: string): Promise<void> {
  const database = new pg.Client({ connectionString: postgres.url });
  await database.connect();
  try {
    await database.query(
      `insert into epochs (trial_id, epoch, attempt, learning_rate, train_loss, validation_loss, validation_correct,
                           validation_total, duration_ms)
       select t.id, e, 1, 0.005, 0.5 / (1 + e) + 0.02, 0.5 / (1 + e) + 0.03 + 0.01 * random(),
              9900 - (600 / (1 + e))::int - (random() * 20)::int, 10000, 900
         from trials t, generate_series(0, 249) e where t.experiment_id = $1 and t.stage_name = 'float'`,
      [experimentId],
    );
    await database.query(
      `update trials set numerics_id = 'kiln/1/simd=plain', reproducible = true, epochs_done = 250, validation_total = 10000, best_loss = 0.03, best_loss_epoch = 249,
              best_loss_correct = 9890, best_correct = 9900, best_correct_epoch = 200, best_correct_loss = 0.035
        where experiment_id = $1 and stage_name = 'float'`,
      [experimentId],
    );
    await database.query('analyze');
  } finally {
    await database.end();
  }
}

async function hover(page: Page): Promise<void> {
  const box = (await page.locator('.chart .u-over').first().boundingBox())!;
  for (let i = 0; i <= 100; i++) {
    await page.mouse.move(box.x + (box.width * i) / 100, box.y + box.height * (0.5 + 0.4 * Math.sin(i / 5)));
    await page.waitForTimeout(16);
  }
}

async function frameTimes(
  page: Page,
  during: () => Promise<void>,
): Promise<{ median: number; high: number }> {
  await page.evaluate(`(() => {
    window.frames_ = [];
    let last = performance.now();
    const tick = (now) => { window.frames_.push(now - last); last = now; window.ticking_ = requestAnimationFrame(tick); };
    window.ticking_ = requestAnimationFrame(tick);
  })()`);
  await during();
  const frames = await page.evaluate<number[]>('(cancelAnimationFrame(window.ticking_), window.frames_)');
  const sorted = frames.slice(1).toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)]!, high: sorted[Math.floor(sorted.length * 0.95)]! };
}
