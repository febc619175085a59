import { augmentations } from '@bitkiln/datasets';
import { createTestDatabase } from '@bitkiln/infra/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createClient } from '../end-to-end/support/client.ts';
import { seriousFaults } from './support/axe.ts';
import { collectFaults, launchBrowser } from './support/browser.ts';
import { eventually } from './support/eventually.ts';
import { type PageService, startPageService } from './support/service.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

/** Every field that `POST /experiments` takes, and none of them as it would be by default. */
const everything = {
  name: 'Every field',
  dataset: 'mnist',
  augmentation: 'elastic',
  network: 'A(4,4) C(4,3x3)@w4b8a4 S(10)@w4b8a8',
  budgetBytes: 1500.125,
  strategy: 'transpose',
  seed: 9_007_199_254_740_991,
  priority: 37,
  protocol: {
    preset: 'quick',
    float: {
      trials: 3,
      epochs: 11,
      batchSize: 512,
      learningRate: { initial: 0.01, decay: 0.85, minimum: 1e-7 },
    },
    movingScales: {
      trials: 4,
      epochs: 12,
      batchSize: 1024,
      learningRate: { initial: 0.0031, decay: 0.75, minimum: 0 },
    },
    frozenScales: {
      trials: 5,
      epochs: 13,
      batchSize: 2048,
      learningRate: { initial: 0.002, decay: 1, minimum: 0.00012 },
    },
  },
};

let service: PageService;
let browser: Browser;
let page: Page;
let faults: string[];

beforeAll(async () => {
  [service, browser] = await Promise.all([
    startPageService({ DATABASE_URL: await createTestDatabase() }),
    launchBrowser(),
  ]);
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(15_000);
  faults = collectFaults(page);
});
afterAll(async () => {
  await browser?.close();
  await service?.kill();
});
beforeEach(() => {
  faults.length = 0;
});

const start = () => page.getByRole('button', { name: 'Start the trials' });

async function shown(): Promise<unknown> {
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  return JSON.parse((await page.locator('pre.request').textContent())!);
}

test('another like an experiment is asked for by the JSON that the first was', async () => {
  const { id } = await createClient(service.url).submit(everything);
  await page.goto(`${service.url}/ui/experiments/${id}`);
  await page.getByRole('link', { name: 'Start another like it' }).click();
  await eventually(() => page.getByLabel('Name').inputValue()).toBe(everything.name);
  expect(await shown()).toEqual(everything);
  await eventually(() => start().isEnabled()).toBe(true);
  const sent = page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/experiments'));
  await start().click();
  expect((await sent).postDataJSON()).toEqual(everything);
  await page.waitForURL((url) => url.pathname.startsWith('/ui/experiments/') && !url.pathname.endsWith(id));
  expect(faults).toEqual([]);
});

test('it says that the same seed gives the same trials, and offers another', async () => {
  const { id } = await createClient(service.url).submit({ ...everything, seed: 41 });
  await page.goto(`${service.url}/ui/new?from=${id}`);
  await page.getByRole('button', { name: 'Use seed 42' }).click();
  expect(await shown()).toEqual({ ...everything, seed: 42 });
  expect(await page.getByText('From the same seed').count()).toBe(0);
});

test('every number of a stage is a field, reached by keyboard', async () => {
  await page.goto(`${service.url}/ui/new`);
  await eventually(() => page.locator('[data-check="bytes"]').textContent()).toBe('1,947');
  await page.getByLabel('Frozen scales, epochs').focus();
  await page.keyboard.press('Tab');
  expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('SUMMARY');
  await page.keyboard.press('Enter');
  for (const [title, text] of [
    ['batch size', '256'],
    ['initial rate', '0.02'],
    ['decay', '0.9'],
    ['minimum rate', '1e-5'],
  ]) {
    await page.keyboard.press('Tab');
    expect(await page.evaluate<string>('document.activeElement.ariaLabel')).toBe(`Float, ${title}`);
    await page.keyboard.type(text!);
  }
  expect(await page.getByLabel('Moving scales, initial rate').getAttribute('placeholder')).toBe('0.005');
  expect(await shown()).toMatchObject({
    protocol: {
      preset: 'quick',
      float: { batchSize: 256, learningRate: { initial: 0.02, decay: 0.9, minimum: 1e-5 } },
    },
  });
  await eventually(() => start().isEnabled()).toBe(true);
});

test('a wrong number is told beside its stage', async () => {
  const field = page.getByLabel('Float, decay');
  await field.fill('1.5');
  const fault = page.locator('.stage-faults');
  await fault.waitFor();
  expect(await fault.textContent()).toBe('Float, decay: expected a number above 0 and at most 1');
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  expect(await page.locator(`#${await field.getAttribute('aria-describedby')}`).textContent()).toBe(
    await fault.textContent(),
  );
  expect(await start().isDisabled()).toBe(true);
  await field.fill('');
  await fault.waitFor({ state: 'detached' });
});

test('an augmentation that makes more images takes longer, and the service knows each of those offered', async () => {
  const select = page.getByLabel('Augmentation');
  expect(
    await select
      .locator('option')
      .evaluateAll((all) => all.map((option) => (option as unknown as { value: string }).value)),
  ).toEqual([...augmentations]);
  await select.selectOption('published');
  expect(await shown()).toMatchObject({ augmentation: 'published' });
  await eventually(() => start().isEnabled()).toBe(true);
  expect(faults).toEqual([]);
});

test.each(['dark', 'light'] as const)(
  'axe finds nothing serious about the form filled in, %s',
  async (theme) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await page.getByLabel('Float, decay').fill('2');
    await page.locator('.stage-faults').waitFor();
    expect(await seriousFaults(page)).toEqual([]);
  },
);
