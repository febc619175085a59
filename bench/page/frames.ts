import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { quantile } from '../statistics.ts';

/** Milliseconds between frames. */
export interface Frames {
  readonly median: number;
  readonly high: number;
  readonly longest: number;
  readonly count: number;
}

/** How long the page's frames took while something was done. */
export async function framesDuring(page: Page, run: () => Promise<unknown>): Promise<Frames> {
  await page.evaluate(`(() => {
    window.frames_ = [];
    let last = performance.now();
    const tick = (now) => {
      window.frames_.push(now - last);
      last = now;
      window.ticking_ = requestAnimationFrame(tick);
    };
    window.ticking_ = requestAnimationFrame(tick);
  })()`);
  await run();
  const frames = await page.evaluate<number[]>('(cancelAnimationFrame(window.ticking_), window.frames_)');
  const whole = frames.slice(1);
  return {
    median: quantile(whole, 0.5),
    high: quantile(whole, 0.95),
    longest: Math.max(...whole),
    count: whole.length,
  };
}

/** Moves the pointer across something in waves, a step a frame. */
export async function hover(page: Page, over: Locator): Promise<void> {
  const box = (await over.boundingBox())!;
  for (let i = 0; i <= 150; i++) {
    const y = box.y + box.height * (0.5 + 0.4 * Math.sin(i / 7));
    await page.mouse.move(box.x + (box.width * i) / 150, y);
    await sleep(16);
  }
}

/** Turns the wheel over something, down and up again, a step a frame. */
export async function wheel(page: Page, over: Locator, steps: number): Promise<void> {
  const box = (await over.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (let i = 0; i < 2 * steps; i++) {
    await page.mouse.wheel(0, i < steps ? 240 : -240);
    await sleep(16);
  }
}
