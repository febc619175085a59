import { createTestDatabase } from '@bitkiln/infra/testing';
import { connectDatabase, createToken, type Database, revokeToken, type TokenRole } from '@bitkiln/lifecycle';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { runToWinner } from '../../apps/api/test/helpers/synthetic-run.ts';
import { bearer, wrongToken } from '../../apps/api/test/helpers/tokens.ts';
import { seriousFaults } from './support/axe.ts';
import { collectFaults, launchBrowser } from './support/browser.ts';
import { eventually } from './support/eventually.ts';
import { type PageService, startPageService } from './support/service.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const roles = ['read', 'submit', 'admin'] as const;
const body = {
  network: 'A(4,4) C(4,3x3) S(10)',
  protocol: {
    float: { trials: 2, epochs: 2 },
    movingScales: { trials: 2, epochs: 2 },
    frozenScales: { trials: 2, epochs: 2 },
  },
};

let service: PageService;
let browser: Browser;
let database: Database;
let tokens: Readonly<Record<TokenRole, string>>;
let context: BrowserContext;
let page: Page;
let faults: string[];
/** An experiment that is over, and one that waits. */
let [done, open] = ['', ''];

beforeAll(async () => {
  const url = await createTestDatabase();
  [service, browser, database] = await Promise.all([
    startPageService({ DATABASE_URL: url, REQUIRE_TOKEN: 'yes' }),
    launchBrowser(),
    connectDatabase(url),
  ]);
  tokens = Object.fromEntries(
    await Promise.all(
      roles.map(async (role) => [role, (await newToken(role, `${role} token`)).token] as const),
    ),
  ) as typeof tokens;
  done = await submit({ ...body, name: 'done' });
  await runToWinner(database, done);
  open = await submit({ ...body, name: 'open' });
});
afterAll(async () => {
  await browser?.close();
  await service?.kill();
  await database?.close();
});
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
  faults = collectFaults(page);
});
afterEach(() => context.close());

function newToken(role: TokenRole, name: string) {
  return createToken(database, { role, name, expires: null });
}

async function submit(request: object): Promise<string> {
  const reply = await fetch(`${service.url}/experiments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(tokens.submit) },
    body: JSON.stringify(request),
  });
  return ((await reply.json()) as { id: string }).id;
}

const visit = (path: string) => page.goto(new URL(path, service.url).href);
const live = () => page.getByRole('status', { name: 'connection: live' }).waitFor();

async function signIn(token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.keyboard.press('Enter');
}

async function signedIn(role: TokenRole, path: string): Promise<void> {
  await visit(path);
  await signIn(tokens[role]);
  await live();
}

describe('signing in', () => {
  test('a page without a token asks for one, refuses a wrong one and tells why', async () => {
    await visit('/');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('token');
    expect(await page.locator('a.experiment-row').count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Sign in' }).isDisabled()).toBe(true);
    await signIn(wrongToken);
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toBe(
      'The token is not valid: the token is unknown, expired or revoked, expected a valid one',
    );
    expect(await page.getByLabel('Token').getAttribute('aria-describedby')).toBe(
      await alert.getAttribute('id'),
    );
    expect(await context.cookies()).toEqual([]);
    await page.getByLabel('Token').fill('another');
    await alert.waitFor({ state: 'detached' });
  });

  test('the right one opens the page that was asked for, and a reload keeps it', async () => {
    await signedIn('read', `/ui/experiments/${done}?stage=float`);
    await page.locator('[data-readout="winner"]').waitFor();
    expect(page.url()).toContain(`/ui/experiments/${done}?stage=float`);
    expect(await page.locator('.account').textContent()).toBe('read token read only');
    await page.reload();
    await page.locator('[data-readout="winner"]').waitFor();
    await live();
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(await page.evaluate<string>('document.cookie + JSON.stringify(localStorage)')).not.toContain(
      'bitkiln_',
    );
    expect(faults).toEqual([]);
  });

  test('signing out forgets the token, here and after a reload', async () => {
    await signedIn('admin', '/');
    await page.locator('a.experiment-row').first().waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.locator('a.experiment-row').count()).toBe(0);
    expect(await page.getByRole('status').count()).toBe(0);
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await context.cookies()).toEqual([]);
    expect(faults).toEqual([]);
  });

  test('a page whose token is revoked asks for another at its next request', async () => {
    const { id, token } = await newToken('submit', 'soon gone');
    await visit('/');
    await signIn(token);
    await page.locator('a.experiment-row').first().waitFor();
    await revokeToken(database, id);
    await page.getByRole('button', { name: 'Succeeded' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await signIn(tokens.read);
    await eventually(() => page.locator('a.experiment-row').allTextContents()).toHaveLength(1);
  });

  test.each(['dark', 'light'] as const)('axe finds nothing serious about it, %s', async (theme) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await visit('/');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    await signIn(wrongToken);
    await page.getByRole('alert').waitFor();
    expect(await seriousFaults(page)).toEqual([]);
  });
});

/** Buttons and links by which something is changed, on the page as it is. */
async function actions(): Promise<string[]> {
  const found = await page.locator('.page-actions').locator('button, a').allTextContents();
  return found.map((text) => text.trim());
}

describe('what a role may do', () => {
  const trialOf = async (experiment: string) => {
    const reply = await fetch(`${service.url}/experiments/${experiment}/trials?limit=1`, {
      headers: bearer(tokens.read),
    });
    return ((await reply.json()) as { items: { id: string }[] }).items[0]!.id;
  };

  test('reading: all is shown, nothing can be changed', async () => {
    await signedIn('read', '/');
    await page.locator('a.experiment-row').first().waitFor();
    expect(await page.getByRole('link', { name: 'New experiment' }).count()).toBe(0);
    for (const [path, expected] of [
      [`/ui/experiments/${open}`, []],
      [`/ui/experiments/${done}`, ['Meet the winner']],
      [`/ui/trials/${await trialOf(done)}`, []],
    ] as const) {
      await visit(path);
      await page.locator('.readouts').waitFor();
      await live();
      expect(await actions(), path).toEqual(expected);
    }
    expect(faults).toEqual([]);
  });

  test('reading: the form checks a network but can not be sent, and says why', async () => {
    await signedIn('read', '/ui/new');
    await eventually(() => page.locator('[data-check="bytes"]').textContent()).toBe('1,947');
    const start = page.getByRole('button', { name: 'Start the trials' });
    expect(await start.isDisabled()).toBe(true);
    const reason = await page.locator(`#${await start.getAttribute('aria-describedby')}`).textContent();
    expect(reason).toContain('Your token’s role is read; this takes submit or admin.');
    const sent: string[] = [];
    page.on('request', (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));
    await page.getByLabel('Name').press('Enter');
    await page.waitForTimeout(300);
    expect(sent).not.toContain('POST /experiments');
    expect(await seriousFaults(page)).toEqual([]);
    expect(faults).toEqual([]);
  });

  test('submitting: experiments are started, paused and cancelled, but not deleted', async () => {
    await signedIn('submit', '/ui/new');
    await page.getByLabel('Name').fill('from the form');
    const start = page.getByRole('button', { name: 'Start the trials' });
    await eventually(() => start.isEnabled()).toBe(true);
    await start.click();
    await page.waitForURL('**/ui/experiments/*');
    await page.locator('.readouts').waitFor();
    expect(await actions()).toEqual(['Start another like it', 'Pause', 'Cancel']);
    for (const name of ['Pause', 'Cancel']) {
      await page.getByRole('button', { name }).click();
      await page.getByRole('dialog').getByRole('button', { name }).click();
      await eventually(() => page.locator('[data-readout="state"]').textContent()).toContain(
        name === 'Pause' ? 'Paused' : 'Cancelled',
      );
    }
    expect(await actions()).toEqual(['Start another like it']);
    await visit(`/ui/trials/${await trialOf(done)}`);
    await page.locator('.readouts').waitFor();
    expect(await actions()).toEqual(['Repeat', 'Invalidate']);
    expect(faults).toEqual([]);
  });

  test('an admin may delete', async () => {
    const id = await submit({ ...body, name: 'short-lived' });
    await signedIn('admin', `/ui/experiments/${id}`);
    for (const name of ['Cancel', 'Delete']) {
      await page.getByRole('button', { name }).click();
      await page.getByRole('dialog').getByRole('button', { name }).click();
    }
    await page.waitForURL(service.url.concat('/'));
    await page.locator('a.experiment-row').first().waitFor();
    expect(await page.getByText('short-lived').count()).toBe(0);
    expect(faults).toEqual([]);
  });
});
