import { createTestDatabase } from '@bitkiln/infra/testing';
import { completeTrial, connectDatabase, type Database } from '@bitkiln/lifecycle';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { runToWinner, startWorker, trainEpochs } from '../../apps/api/test/helpers/synthetic-run.ts';
import { type Client, createClient } from '../end-to-end/support/client.ts';
import { collectFaults, launchBrowser } from './support/browser.ts';
import { eventually } from './support/eventually.ts';
import { type PageService, startPageService } from './support/service.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const stage = { trials: 3, epochs: 3 };
const body = {
  network: 'A(4,4) C(4,3x3) S(10)',
  protocol: { float: stage, movingScales: stage, frozenScales: stage },
};

let service: PageService;
let browser: Browser;
let database: Database;
let client: Client;
let page: Page;
let faults: string[];

beforeAll(async () => {
  const url = await createTestDatabase();
  [service, browser, database] = await Promise.all([
    startPageService({ DATABASE_URL: url }),
    launchBrowser(),
    connectDatabase(url),
  ]);
  client = createClient(service.url);
  page = await openPage();
  faults = collectFaults(page);
});
afterAll(async () => {
  await browser?.close();
  await service?.kill();
  await database?.close();
});
beforeEach(() => {
  faults.length = 0;
});

async function openPage(path?: string): Promise<Page> {
  const made = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  made.setDefaultTimeout(15_000);
  if (path !== undefined) await made.goto(`${service.url}${path}`);
  return made;
}

const submit = async (name: string) => (await client.submit({ ...body, name })).id;
const post = async (path: string, body: object = {}) => {
  const reply = await fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(reply.ok).toBe(true);
  return (await reply.json()) as { id: string };
};
const rows = (of: Page) => of.locator('a.experiment-row').locator('.name').allTextContents();

describe('paused experiments', () => {
  test('have a filter of their own, which follows them', async () => {
    const [held] = [await submit('held'), await submit('free')];
    await page.goto(`${service.url}/?state=paused`);
    await page.getByRole('heading', { name: 'No experiment is like that' }).waitFor();
    await post(`/experiments/${held}/pause`);
    await eventually(() => rows(page)).toEqual(['held']);
    await page.reload();
    await eventually(() => rows(page)).toEqual(['held']);
    await page.getByRole('button', { name: 'Queued' }).click();
    await eventually(() => rows(page)).toEqual(['free']);
    await post(`/experiments/${held}/resume`);
    await eventually(() => rows(page)).toEqual(['free', 'held']);
    expect(faults).toEqual([]);
  });
});

describe('a deleted experiment', () => {
  test('vanishes from every page that is open', async () => {
    const id = await submit('to be deleted');
    await runToWinner(database, id);
    const [trial] = await client.trials(id);
    await page.goto(service.url);
    await eventually(() => rows(page)).toContain('to be deleted');
    const others = await Promise.all(
      [`/ui/experiments/${id}`, `/ui/experiments/${id}/winner`, `/ui/trials/${trial!.id}`].map(openPage),
    );
    for (const other of others) await other.locator('.readouts').waitFor();
    for (const other of others) await other.getByRole('status', { name: 'connection: live' }).waitFor();
    expect((await fetch(`${service.url}/experiments/${id}`, { method: 'DELETE' })).status).toBe(204);
    await eventually(() => rows(page)).toEqual(['free', 'held']);
    for (const other of others) {
      await other.getByRole('heading', { name: 'This experiment was deleted' }).waitFor();
      await other.close();
    }
    expect(faults).toEqual([]);
  });

  test('is missed on its page after an outage, too', async () => {
    const id = await submit('deleted behind its back');
    const other = await openPage(`/ui/experiments/${id}`);
    await other.locator('.event').first().waitFor();
    await other.getByRole('status', { name: 'connection: live' }).waitFor();
    await service.kill();
    await other.getByText('The service can’t be reached').waitFor();
    await database.pool.query('delete from experiments where id = $1', [id]);
    await service.start();
    await other.getByRole('heading', { name: 'This experiment was deleted' }).waitFor();
    await other.close();
  });
});

test('an experiment’s page that was opened as the service went away comes when it is back', async () => {
  await submit('asked for in vain');
  const other = await openPage('/');
  await other.getByRole('status', { name: 'connection: live' }).waitFor();
  const row = other.locator('a.experiment-row', { hasText: 'asked for in vain' });
  await row.waitFor();
  await service.kill();
  await row.click();
  await other.getByText('The service does not answer').waitFor();
  await service.start();
  await other.locator('.readouts').waitFor();
  await other.close();
});

describe('repeats and invalid trials', () => {
  let id: string;
  const trialsOf = async (name: string) => (await client.trials(id)).filter((trial) => trial.stage === name);

  beforeAll(async () => {
    id = await submit('repeated');
    await runToWinner(database, id);
  });

  test('a repeat has no curve, and the curves say so at once', async () => {
    const [first] = await trialsOf('frozenScales');
    await page.goto(`${service.url}/ui/experiments/${id}`);
    await page.locator('a.trial-row').first().waitFor();
    expect(await page.locator('.chart-note').count()).toBe(0);
    await post(`/trials/${first!.id}/repeat`);
    // The stream of an experiment that is over has ended: what is done to it later comes with the live stream.
    await eventually(() => page.locator('.chart-note').allTextContents()).toEqual(['1 repeat left out']);
    expect(await page.locator('a.trial-row').count()).toBe(3);
    expect(faults).toEqual([]);
  });

  test('a repeat’s page names what it repeats, and whether the bytes were equal', async () => {
    const [first] = await trialsOf('frozenScales');
    const repeat = await post(`/trials/${first!.id}/repeat`);
    await page.goto(`${service.url}/ui/trials/${repeat.id}`);
    await page.getByRole('heading', { name: `Repeat of trial ${first!.index}` }).waitFor();
    const remark = page.locator('.remark');
    expect(await remark.textContent()).toContain(`Repeats trial ${first!.index} of Frozen scales`);
    expect(await remark.textContent()).toContain('compared when it is done');
    const { workerId } = await startWorker(database, 'repeats');
    await completeTrial(database, await trainEpochs(database, workerId, repeat.id, stage.epochs));
    await eventually(() => remark.textContent()).toContain('It came to the same bytes.');
    await remark.getByRole('link').click();
    await page.waitForURL(`**/ui/trials/${first!.id}`);
    await page.getByText('Repeated once, from the same seeds: repeat 1').waitFor();
    expect(faults).toEqual([]);
  });

  test('an invalid trial’s curve is told apart, and its own page says so at once', async () => {
    const float = await trialsOf('float');
    const picked = (
      await database.prisma.stage.findFirstOrThrow({ where: { experimentId: id, name: 'float' } })
    ).pickedTrialId;
    const other = float.find((trial) => trial.id !== picked)!;
    const own = await openPage(`/ui/trials/${other.id}`);
    await own.locator('.readouts').waitFor();
    await own.getByRole('status', { name: 'connection: live' }).waitFor();
    await post(`/trials/${other.id}/invalidate`, { reason: 'a cat sat on the worker' });
    await own.getByText('Declared invalid: a cat sat on the worker').waitFor();
    await own.close();
    await page.goto(`${service.url}/ui/experiments/${id}?stage=float`);
    await eventually(() => page.locator('.chart-note').allTextContents()).toEqual([
      'dashed: 1 declared invalid',
    ]);
    const row = page.locator('a.trial-row').nth(other.index);
    expect(await row.textContent()).toContain('invalid');
    const chart = page.locator('.chart .u-over').first();
    const box = (await chart.boundingBox())!;
    const tip = page.locator('.tip strong');
    const named = new Set<string>();
    for (let y = 4; y < box.height; y += 6) {
      await page.mouse.move(box.x + box.width * 0.5, box.y + y);
      if ((await tip.count()) > 0) named.add((await tip.textContent())!);
    }
    expect([...named]).toContain(`Trial ${other.index}, invalid`);
    expect([...named].filter((text) => text.endsWith('invalid'))).toHaveLength(1);
    expect(faults).toEqual([]);
  });
});
