// Takes a picture of every page in both themes and two sizes into docs/screenshots/: `npm run screenshots`. Brings up
// a service of its own, trains one experiment to its winner and begins another.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '@bitkiln/infra';
import type { Browser } from 'playwright-core';
import { spawnWorker } from '../../apps/worker/test/support/spawn-worker.ts';
import { createClient } from '../end-to-end/support/client.ts';
import { launchBrowser } from './support/browser.ts';
import { startPageService } from './support/service.ts';

const folder = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const sizes = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
];
const reference = 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)';
const protocol = {
  preset: 'quick',
  float: { trials: 6, epochs: 6 },
  movingScales: { trials: 4, epochs: 4 },
  frozenScales: { trials: 8, epochs: 4 },
};

await mkdir(folder, { recursive: true });
const home = await mkdtemp(join(tmpdir(), 'bitkiln-screenshots-'));
const postgres = await startEmbeddedPostgres({ directory: home, settings: { fsync: 'off' } });
const service = await startPageService({ DATABASE_URL: postgres.url });
const guarded = await startPageService({ DATABASE_URL: postgres.url, REQUIRE_TOKEN: 'yes' });
const worker = spawnWorker({ DATABASE_URL: postgres.url });
const browser = await launchBrowser();
try {
  const client = createClient(service.url);
  const { id } = await client.submit({ name: 'Reference network', network: reference, seed: 7, protocol });
  await client.finished(id);
  const cancelled = await client.submit({ name: 'No pooling', network: 'A(4,4) C(6,3x3) S(10)', protocol });
  await client.cancel(cancelled.id);
  const running = await client.submit({
    name: 'Wider first layer',
    network: 'A(2,4) C(8,3x3) C(8,3x3) C(10,3x3) M(2) S(10)',
    budgetBytes: 2560,
    protocol: { ...protocol, float: { trials: 12, epochs: 6 } },
  });
  while ((await client.trials(running.id)).filter(({ state }) => state === 'succeeded').length < 3)
    await sleep(500);
  const { trialId } = await client.winner(id);
  const pages = {
    experiments: '/',
    new: '/ui/new',
    another: `/ui/new?from=${id}`,
    running: `/ui/experiments/${running.id}`,
    experiment: `/ui/experiments/${id}`,
    trial: `/ui/trials/${trialId}`,
    winner: `/ui/experiments/${id}/winner`,
    fleet: '/ui/fleet',
  };
  for (const theme of ['dark', 'light'] as const) {
    for (const size of sizes) {
      await takeAll(browser, pages, theme, size);
      await takeAll(browser, { 'sign-in': new URL('/', guarded.url).href }, theme, size);
    }
  }
} finally {
  await browser.close();
  await worker.end('SIGKILL');
  await service.kill();
  await guarded.kill();
  await postgres.stop();
  await rm(home, { recursive: true, force: true });
}

async function takeAll(
  from: Browser,
  pages: Readonly<Record<string, string>>,
  colorScheme: 'dark' | 'light',
  viewport: { readonly width: number; readonly height: number },
): Promise<void> {
  const context = await from.newContext({ colorScheme, viewport, reducedMotion: 'reduce' });
  const page = await context.newPage();
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(new URL(path, service.url).href);
    await page.locator('.panel').first().waitFor();
    if (name === 'winner') {
      await page.locator('.mistake').first().waitFor({ timeout: 60_000 });
      await page.locator('.mistake').first().click();
      await sleep(800);
      await page.evaluate('window.scrollTo(0, 0)');
    }
    await sleep(1200);
    const file = `${name}-${viewport.width}-${colorScheme}.png`;
    await page.screenshot({ path: join(folder, file), fullPage: name !== 'experiments' });
    console.log(file);
  }
  await context.close();
}
