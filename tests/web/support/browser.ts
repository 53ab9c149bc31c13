/** Chromium for the tests of the page, where there is one. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
];

/** Path of a Chromium: MVHYBRID_CHROMIUM, or a usual place; undefined where there is none. */
export function chromiumPath(): string | undefined {
  const named = process.env.MVHYBRID_CHROMIUM;
  const found = [...(named === undefined ? [] : [named]), ...PLACES].find((path) => existsSync(path));
  if (found === undefined) {
    console.warn(
      'The browser tests are skipped: no Chromium was found; install chromium or set MVHYBRID_CHROMIUM.',
    );
  }
  return found;
}

export function launch(executablePath: string): Promise<Browser> {
  const asRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath,
    // Drawing on the processor, whatever card a machine has: the same everywhere.
    args: [...(asRoot ? ['--no-sandbox'] : []), '--disable-gpu'],
  });
}

/** Collects everything the page complains about: errors, warnings of its policy, requests that failed. */
export function watchProblems(page: Page): string[] {
  const problems: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' || /Content Security Policy/i.test(text))
      problems.push(`console: ${text}`);
  });
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
  });
  return problems;
}
