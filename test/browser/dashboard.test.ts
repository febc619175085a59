import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { compileIntegerNetwork, readModelJson, runInteger } from '@bitkiln/core';
import { createTestDatabase } from '@bitkiln/infra/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type SpawnedWorker, spawnWorker } from '../../apps/worker/test/support/spawn-worker.ts';
import { type Client, createClient } from '../end-to-end/support/client.ts';
import { seriousFaults } from './support/axe.ts';
import { collectFaults, isInView, launchBrowser } from './support/browser.ts';
import { eventually } from './support/eventually.ts';
import { type PageService, startPageService } from './support/service.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });

/** All of MNIST and all three stages, in seconds. */
const request = {
  name: 'seen by a browser',
  network: 'A(4,4) C(4,3x3) S(10)',
  seed: 3,
  protocol: {
    preset: 'quick',
    float: { trials: 3, epochs: 6 },
    movingScales: { trials: 2, epochs: 2 },
    frozenScales: { trials: 3, epochs: 2 },
  },
};
/** Does not end by itself within a test. */
const endless = {
  ...request,
  name: 'to be cancelled',
  protocol: { preset: 'quick', float: { trials: 4, epochs: 5000 } },
};

interface Best {
  readonly index: number;
  readonly score: number;
  readonly runnerUp: { readonly index: number; readonly score: number };
  readonly reason: string;
}

let databaseUrl: string;
let service: PageService;
let client: Client;
let worker: SpawnedWorker;
let browser: Browser;
let page: Page;
let faults: string[];
/** The experiment that the first tests start, and the others look at. */
let id: string;

beforeAll(async () => {
  databaseUrl = await createTestDatabase();
  [service, browser] = await Promise.all([startPageService({ DATABASE_URL: databaseUrl }), launchBrowser()]);
  worker = spawnWorker({ DATABASE_URL: databaseUrl });
  client = createClient(service.url);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
  page = await context.newPage();
  page.setDefaultTimeout(30_000);
  faults = collectFaults(page);
});
afterAll(async () => {
  await browser?.close();
  await worker?.end('SIGKILL');
  await service?.kill();
});
beforeEach(() => {
  faults.length = 0;
});

const open = (path: string) => page.goto(new URL(path, service.url).href);
const readout = (name: string) => page.locator(`[data-readout="${name}"]`);

describe('from the form to the winner', () => {
  test('an empty service says what to do, and leads to the form', async () => {
    await open('/');
    await page.getByText('The kiln is cold').waitFor();
    await page.getByRole('link', { name: 'Start the first one' }).click();
    await page.waitForURL('**/ui/new');
    expect(faults).toEqual([]);
  });

  test('the form checks the network while one types', async () => {
    const network = page.getByLabel('Network');
    const start = page.getByRole('button', { name: 'Start the trials' });
    await eventually(() => page.locator('[data-check="bytes"]').textContent()).toBe('1,947');
    await network.fill('A(2,4) C(5,30x30) S(10)');
    const error = page.locator('[data-check="error"]');
    await error.waitFor();
    expect(await error.textContent()).toContain('layer 2, C');
    expect(await start.isDisabled()).toBe(true);
    await network.fill('A(2,4) C(24,3x3) C(24,3x3) S(10)');
    await eventually(() => error.textContent()).toContain('expected at most 2048');
    expect(await start.isDisabled()).toBe(true);
    await network.fill(request.network);
    await error.waitFor({ state: 'detached' });
    await page.getByLabel('Seed').fill('half');
    await page.locator('.field-fault', { hasText: 'expected a whole number from 0' }).waitFor();
    await page.getByLabel('Seed').fill(String(request.seed));
    await eventually(() => start.isEnabled()).toBe(true);
    expect(faults).toEqual([]);
  });

  test('it posts what it shows', async () => {
    await page.getByLabel('Name').fill(request.name);
    for (const [stage, title] of [
      ['float', 'Float'],
      ['movingScales', 'Moving scales'],
      ['frozenScales', 'Frozen scales'],
    ] as const) {
      await page.getByLabel(`${title}, trials`).fill(String(request.protocol[stage].trials));
      await page.getByLabel(`${title}, epochs`).fill(String(request.protocol[stage].epochs));
    }
    await page.getByRole('button', { name: 'JSON', exact: true }).click();
    const shown = JSON.parse((await page.locator('pre.request').textContent())!);
    expect(shown).toMatchObject(request);
    const sent = page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/experiments'));
    await page.getByRole('button', { name: 'Start the trials' }).click();
    expect((await sent).postDataJSON()).toEqual(shown);
    await page.waitForURL('**/ui/experiments/*');
    id = page.url().split('/').at(-1)!;
  });

  test('while it runs, state, stage, trials and time left are in view, and the curves move', async () => {
    await expect.poll(() => readout('state').textContent(), { timeout: 30_000 }).toContain('Running');
    expect(await readout('stage').textContent()).toContain('Float');
    expect(await readout('trials').textContent()).toMatch(/^\d+ of 8/);
    await expect.poll(() => readout('time').textContent(), { timeout: 30_000 }).toMatch(/\d+ s/);
    for (const name of ['state', 'stage', 'trials', 'time']) {
      expect(await isInView(page, `[data-readout="${name}"]`), name).toBe(true);
    }
    const inked = () =>
      page.evaluate<number>(`(() => {
        let count = 0;
        for (const canvas of document.querySelector('.chart').querySelectorAll('canvas.curves')) {
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          for (let i = 3; i < data.length; i += 4) count += data[i] > 0;
        }
        return count;
      })()`);
    await expect.poll(inked, { timeout: 30_000 }).toBeGreaterThan(0);
    const before = await inked();
    await expect.poll(inked, { timeout: 30_000 }).not.toBe(before);
    const done = Number((await readout('trials').textContent())!.split(' ')[0]);
    await expect
      .poll(async () => Number((await readout('trials').textContent())!.split(' ')[0]), { timeout: 60_000 })
      .toBeGreaterThan(done);
  });

  test('the winner appears, with its score and the runner-up’s, in view', async () => {
    await readout('winner').waitFor({ timeout: 80_000 });
    const best = (await (await fetch(`${service.url}/experiments/${id}/best`)).json()) as Best;
    const shown = (value: number) => `score ${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
    expect(await readout('winner').textContent()).toBe(`Trial ${best.index} ${shown(best.score)}`);
    expect(await readout('runner-up').textContent()).toBe(
      `Trial ${best.runnerUp.index} ${shown(best.runnerUp.score)}`,
    );
    await eventually(() => readout('state').textContent()).toContain('Succeeded');
    for (const name of ['state', 'stage', 'trials', 'winner-score', 'runner-up-score']) {
      expect(await isInView(page, `[data-readout="${name}"]`), name).toBe(true);
    }
    expect(await page.locator('.verdict').textContent()).toContain(best.reason);
    const rows = page.locator('a.trial-row');
    await eventually(() => rows.count()).toBe(3);
    await eventually(() => rows.first().textContent()).toContain('winner');
    expect(await page.locator('.selection-plot .dot').count()).toBe(3);
    expect(faults).toEqual([]);
  });
});

describe('the winner', () => {
  test('its confusion matrix counts what the worker counted, and a click filters the mistakes', async () => {
    await page.getByRole('link', { name: 'Meet the winner' }).click();
    await page.waitForURL('**/winner');
    await page.locator('.confusion').waitFor({ timeout: 60_000 });
    const right = await page.locator('.confusion td[data-right="true"]').allTextContents();
    const sum = right.reduce((total, text) => total + Number(text.replace(',', '')), 0);
    expect(sum).toBe((await client.winner(id)).testCorrect);
    const cell = page.locator('.confusion button').first();
    const [, count, label, told] = (await cell.getAttribute('aria-label'))!.match(
      /(\d+) of class (\d) told to be (\d)/,
    )!;
    await cell.click();
    expect(page.url()).toContain(`cell=${label}-${told}`);
    await eventually(() => page.locator('.mistake').count()).toBe(Math.min(Number(count), 20));
    await page.getByRole('button', { name: 'Show all' }).click();
  });

  test('the engine in the browser gives the integers that it gives in Node', async () => {
    const model = readModelJson(
      await (await fetch(`${service.url}/experiments/${id}/best/model.json`)).text(),
    );
    const program = compileIntegerNetwork(model);
    const sheet = (await page.locator('[data-sheet]').boundingBox())!;
    const at = (x: number, y: number) => [sheet.x + sheet.width * x, sheet.y + sheet.height * y] as const;
    await page.locator('[data-sheet]').scrollIntoViewIfNeeded();
    await page.mouse.move(...at(0.55, 0.15));
    await page.mouse.down();
    await page.mouse.move(...at(0.5, 0.5), { steps: 6 });
    await page.mouse.move(...at(0.47, 0.85), { steps: 6 });
    await page.mouse.up();
    await page.locator('[data-told]').first().waitFor();
    const seen = await page.evaluate<number[]>(`(() => {
      const canvas = document.querySelector('.maps canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return Array.from({ length: canvas.width * canvas.height }, (_, i) => data[4 * i]);
    })()`);
    expect(seen).toHaveLength(784);
    expect(Math.max(...seen)).toBeGreaterThan(200);
    const answer = runInteger(program, Uint8Array.from(seen));
    const logits = await page.locator('.logits .number').allTextContents();
    expect(logits.map(Number)).toEqual([...answer.logits]);
    expect(await page.locator('strong[data-told]').textContent()).toBe(String(answer.class));
  });

  test('an image that it gets wrong, put on the sheet, is told wrong in the same way', async () => {
    const mistake = page.locator('.mistake').first();
    const told = (await mistake.getAttribute('aria-label'))!.match(/told to be (\d)/)![1]!;
    await mistake.focus();
    await page.keyboard.press('Enter');
    await eventually(() => page.locator('strong[data-told]').textContent()).toBe(told);
    expect(faults).toEqual([]);
  });

  test('its files download whole', async () => {
    const { models } = await client.winner(id);
    for (const format of ['json', 'h5'] as const) {
      const waiting = page.waitForEvent('download');
      await page.getByRole('link', { name: `model.${format}` }).click();
      const download = await waiting;
      const bytes = await readFile(await download.path());
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(models[format].sha256);
      expect(download.suggestedFilename()).toMatch(
        new RegExp(`^seen-by-a-browser-trial-\\d-.*\\.${format}$`),
      );
    }
  });

  test('it downloads made ready for devices, too', async () => {
    for (const [name, start, ending] of [
      ['C99', 'PK', '.c99.zip'],
      ['ATmega328P', 'PK', '.avr.zip'],
      ['ONNX', '\b', '.onnx'],
    ] as const) {
      const waiting = page.waitForEvent('download');
      await page.getByRole('link', { name }).click();
      const download = await waiting;
      expect(download.suggestedFilename().endsWith(ending), name).toBe(true);
      expect((await readFile(await download.path())).toString('latin1').startsWith(start), name).toBe(true);
    }
  });
});

describe('the service around it', () => {
  test('a trial shows its attempts, checkpoints and histograms', async () => {
    const trial = (await client.trials(id)).at(-1)!;
    await open(`/ui/trials/${trial.id}`);
    await page.locator('.histogram').first().waitFor();
    expect(await page.locator('.histogram').count()).toBe(4);
    const { checkpoints } = await client.trial(trial.id);
    for (const { sha256 } of checkpoints) expect(await page.getByTitle(sha256).count()).toBeGreaterThan(0);
    expect(faults).toEqual([]);
  });

  test('a running experiment is cancelled after a question', async () => {
    const { id: running } = await client.submit(endless);
    await open(`/ui/experiments/${running}`);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Keep as it is' }).click();
    expect((await client.experiment(running)).state).not.toBe('cancelled');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await eventually(() => readout('state').textContent()).toContain('Cancelled');
    expect((await client.experiment(running)).state).toBe('cancelled');
    expect(await page.getByRole('button', { name: 'Cancel' }).count()).toBe(0);
  });

  test('a running experiment is paused and goes on', async () => {
    const { id: running } = await client.submit({ ...endless, name: 'to be paused' });
    await open(`/ui/experiments/${running}`);
    const answer = async (name: string) => {
      await page.getByRole('button', { name }).click();
      await page.getByRole('dialog').getByRole('button', { name }).click();
    };
    await answer('Pause');
    await eventually(() => readout('state').textContent()).toContain('Paused');
    await answer('Resume');
    await eventually(() => readout('state').textContent()).not.toContain('Paused');
    await client.cancel(running);
    await eventually(() => readout('state').textContent()).toContain('Cancelled');
  });

  test('a trial is declared invalid only with a reason, which stays with it', async () => {
    const stages = (await client.trials(id)).filter(({ stage }) => stage === 'float');
    const picked = await page.evaluate<string>(
      `fetch('/experiments/${id}').then((reply) => reply.json()).then(({ stages }) => stages[0].pickedTrialId)`,
    );
    const other = stages.find((trial) => trial.id !== picked)!;
    await open(`/ui/trials/${other.id}`);
    await page.getByRole('button', { name: 'Invalidate' }).click();
    const dialog = page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'Invalidate' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel('Reason').fill('a cat sat on the worker');
    await confirm.click();
    await page.getByText('Declared invalid: a cat sat on the worker').waitFor();
    expect(await page.getByRole('button', { name: 'Invalidate' }).count()).toBe(0);
    expect(faults).toEqual([]);
  });

  test('filters and search live in the address, and rows open by keyboard', async () => {
    await open('/?state=cancelled');
    await eventually(() => page.locator('a.experiment-row').count()).toBe(2);
    expect(await page.locator('a.experiment-row').last().textContent()).toContain(endless.name);
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await page.getByRole('searchbox').fill('BROWSER');
    await page.waitForURL('**/?search=BROWSER');
    await eventually(() => page.locator('a.experiment-row').allTextContents()).toHaveLength(1);
    await page.locator('a.experiment-row').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/ui/experiments/${id}`);
    await page.goBack();
    await eventually(() => page.getByRole('searchbox').inputValue()).toBe('BROWSER');
  });

  test('the fleet shows the worker as it is', async () => {
    await open('/ui/fleet');
    await page.locator('.worker-row:not(.row-head)').waitFor();
    expect(await page.locator('.worker-row:not(.row-head)').textContent()).toContain(
      `pid ${worker.process.pid}`,
    );
  });

  test('the page tells of a lost service, and catches up when it is back', async () => {
    await open('/');
    await page.getByRole('status', { name: 'connection: live' }).waitFor();
    await eventually(() => page.locator('a.experiment-row').count()).toBe(3);
    await service.kill();
    await page.getByText('The service can’t be reached').waitFor();
    expect(await page.locator('a.experiment-row').count()).toBe(3);
    await service.start();
    const { id: late } = await client.submit({ ...endless, name: 'behind its back' });
    await page.getByText('The service can’t be reached').waitFor({ state: 'detached' });
    await page.getByText('behind its back').waitFor();
    await client.cancel(late);
    await page.locator('a.experiment-row', { hasText: 'behind its back' }).getByText('cancelled').waitFor();
  });

  test('an experiment’s page goes on where it was when the service is back', async () => {
    const { id: long } = await client.submit({ ...endless, name: 'through an outage' });
    await open(`/ui/experiments/${long}`);
    const epochs = async () => {
      const title = await page.locator('.cell[data-state="running"]').first().getAttribute('title');
      return Number(title!.match(/epoch (\d+)/)![1]);
    };
    await expect.poll(epochs, { timeout: 30_000 }).toBeGreaterThan(1);
    await service.kill();
    const before = await epochs();
    await service.start();
    await expect.poll(epochs, { timeout: 30_000 }).toBeGreaterThan(before + 2);
    await client.cancel(long);
    await eventually(() => readout('state').textContent()).toContain('Cancelled');
    expect(faults).toEqual([]);
  });
});

describe('accessibility', () => {
  test.each(['dark', 'light'] as const)('axe finds nothing serious on any page, %s', async (theme) => {
    const trial = (await client.trials(id)).at(-1)!;
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    const paths = [
      '/',
      '/ui/new',
      '/ui/fleet',
      `/ui/experiments/${id}`,
      `/ui/experiments/${id}/winner`,
      `/ui/trials/${trial.id}`,
    ];
    const ready: Readonly<Record<string, string>> = {
      [`/ui/experiments/${id}/winner`]: '.confusion',
      [`/ui/trials/${trial.id}`]: '.histogram',
      '/ui/new': '[data-check="bytes"]',
    };
    for (const path of paths) {
      await open(path);
      await page
        .locator(ready[path] ?? 'h1')
        .first()
        .waitFor();
      await page.getByRole('status', { name: 'connection: live' }).waitFor();
      expect(await seriousFaults(page), path).toEqual([]);
    }
  });
});
