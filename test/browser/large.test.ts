import { createTestDatabase } from '@bitkiln/infra/testing';
import { connectDatabase, type Database } from '@bitkiln/lifecycle';
import pg from 'pg';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startWorker, trainEpochs } from '../../apps/api/test/helpers/synthetic-run.ts';
import { createClient } from '../end-to-end/support/client.ts';
import { collectFaults, launchBrowser } from './support/browser.ts';
import { eventually } from './support/eventually.ts';
import { fillFloatStage, waitingTrials } from './support/large-experiment.ts';
import { type PageService, startPageService } from './support/service.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 180_000 });

const [trials, epochs] = [5000, 51];

let service: PageService;
let browser: Browser;
let database: Database;
let page: Page;
let faults: string[];
let id: string;
/** Bodies of the replies that held curves. */
const curves: { step: number; trials: { epochs: number[] }[] }[] = [];
const asked: string[] = [];

beforeAll(async () => {
  const url = await createTestDatabase();
  [service, browser, database] = await Promise.all([
    startPageService({ DATABASE_URL: url }),
    launchBrowser(),
    connectDatabase(url),
  ]);
  const request = {
    network: 'A(4,4) C(4,3x3) S(10)',
    protocol: { preset: 'quick', float: { trials, epochs } },
  };
  id = (await createClient(service.url).submit({ ...request, name: 'large' })).id;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await fillFloatStage(client, id);
  await client.end();
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(30_000);
  faults = collectFaults(page);
  page.on('response', async (response) => {
    const { pathname } = new URL(response.url());
    asked.push(pathname);
    if (pathname.endsWith('/curves')) curves.push((await response.json()) as (typeof curves)[number]);
  });
});
afterAll(async () => {
  await browser?.close();
  await service?.kill();
  await database?.close();
});

const rows = () => page.locator('a.trial-row');
const firstRow = async () => (await rows().first().locator('span').first().textContent())!.trim();

test('250,000 epochs are asked for thinned, and never one trial by one', async () => {
  await page.goto(`${service.url}/ui/experiments/${id}?sort=trial`);
  await rows().first().waitFor();
  expect(curves).toHaveLength(1);
  const [{ step, trials: shipped }] = curves as [(typeof curves)[number]];
  expect(step).toBeGreaterThan(5);
  expect(shipped).toHaveLength(trials);
  const points = shipped.reduce((sum, trial) => sum + trial.epochs.length, 0);
  expect(points).toBeLessThan(epochs * trials * 0.2);
  expect(asked.filter((path) => path.includes('/epochs') || path.endsWith('/trials'))).toEqual([]);
});

test('5,000 trials are as few elements as twenty', async () => {
  const elements = () => page.evaluate<number>('document.querySelectorAll("*").length');
  expect(await rows().count()).toBeLessThan(40);
  expect(await elements()).toBeLessThan(1500);
  expect(await page.locator('.selection-plot canvas').getAttribute('data-dots')).toBe(
    String(trials - waitingTrials),
  );
  const table = page.getByRole('region', { name: `Trials, ${trials} rows` });
  for (const place of [0.5, 1]) {
    await table.evaluate((box: { scrollTop: number; scrollHeight: number }, share) => {
      box.scrollTop = box.scrollHeight * share;
    }, place);
    await eventually(firstRow).not.toBe('0');
    expect(await rows().count()).toBeLessThan(40);
  }
  await eventually(() => rows().last().textContent()).toContain(String(trials - 1));
  expect(await elements()).toBeLessThan(1500);
});

test('a column orders all of them', async () => {
  await page.getByRole('button', { name: 'Lowest loss' }).click();
  await page
    .getByRole('region', { name: `Trials, ${trials} rows` })
    .evaluate((box: { scrollTop: number }) => {
      box.scrollTop = 0;
    });
  const best = await database.prisma.trial.findFirstOrThrow({
    where: { experimentId: id, bestLoss: { not: null } },
    orderBy: [{ bestLoss: 'asc' }, { index: 'asc' }],
  });
  await eventually(firstRow).toBe(String(best.index));
});

test('pointing at a dot of thousands names its trial, in the table too', async () => {
  const box = (await page.locator('.selection-plot').boundingBox())!;
  const name = page.locator('.selection-plot .dot-name:not([data-strong="true"])');
  await eventually(async () => {
    for (let i = 1; i < 12 && (await name.count()) === 0; i++) {
      await page.mouse.move(box.x + (box.width * i) / 12, box.y + box.height * (0.35 + 0.03 * i));
    }
    return name.count();
  }).toBe(1);
  await page.mouse.move(0, 0);
  await eventually(() => name.count()).toBe(0);
});

test('what comes live is drawn without reading the stage again', async () => {
  const seen = curves.length;
  const { workerId } = await startWorker(database, 'large');
  const waiting = await database.prisma.trial.findFirstOrThrow({
    where: { experimentId: id, index: trials - 1, stageName: 'float' },
  });
  await trainEpochs(database, workerId, waiting.id, 3);
  await page.locator('.event', { hasText: `trial ${trials - 1}, epoch 2` }).waitFor();
  await page.getByRole('button', { name: 'Trial', exact: true }).click();
  await page.getByRole('region', { name: `Trials, ${trials} rows` }).press('End');
  await eventually(() => rows().last().textContent()).toContain('running');
  expect(curves).toHaveLength(seen);
  expect(faults).toEqual([]);
});
