import { ensureTool } from '@bitkiln/infra';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Headless Chromium of the system's package manager, which asks nothing of the network by itself. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await ensureTool('chromium'),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-dev-shm-usage',
      '--no-first-run',
    ],
  });
}

/** Faults that a page has told of: exceptions and errors on its console, but for replies that did not come. */
export function collectFaults(page: Page): string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`${error.message}\n${error.stack ?? ''}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' || /Failed to load resource|net::ERR/.test(message.text())) return;
    faults.push(message.text());
  });
  return faults;
}

/** Whether all of an element lies in what the page shows without scrolling. */
export async function isInView(page: Page, selector: string): Promise<boolean> {
  const box = await page.locator(selector).first().boundingBox();
  const { width, height } = page.viewportSize()!;
  return (
    box !== null && box.y >= 0 && box.x >= 0 && box.y + box.height <= height && box.x + box.width <= width
  );
}
