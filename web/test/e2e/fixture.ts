// SPDX-License-Identifier: Apache-2.0
// Every test fails on a console error, a page error or a CSP report that it does not expect.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test as base, type Page } from '@playwright/test';

/** With LW_E2E_DIST the pages come from that folder and the rest from the server: a new UI on a running server. */
async function serveDist(page: Page, folder: string): Promise<void> {
  await page.route(/^https?:\/\/[^/]+\/(?!api\/|v1\/)/, async (route) => {
    const { pathname } = new URL(route.request().url());
    const file = join(folder, pathname);
    const isFile = existsSync(file) && statSync(file).isFile();
    const csp = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";
    await route.fulfill({
      path: isFile ? file : join(folder, 'index.html'),
      headers: { 'Content-Security-Policy': csp },
    });
  });
}

/** A mock with 100,000 tests (playwright.config.ts). */
export const LARGE = `http://127.0.0.1:${Number(process.env.LW_E2E_PORT ?? 5190) + 1}`;

interface Guard {
  /** Errors that match are part of the test, such as an answer of 503. */
  expectErrors(pattern: RegExp): void;
}

export const test = base.extend<{ guard: Guard; signedIn: void }>({
  guard: [
    async ({ page }, use) => {
      if (process.env.LW_E2E_DIST) await serveDist(page, process.env.LW_E2E_DIST);
      const found: string[] = [];
      const expected: RegExp[] = [];
      page.on(
        'console',
        (message) =>
          ['error', 'warning'].includes(message.type()) &&
          found.push(`console ${message.type()}: ${message.text()} ${message.location().url}`),
      );
      page.on('pageerror', (error) => found.push(`page error: ${error.message}`));
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', (event) =>
          console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`),
        );
      });
      await use({ expectErrors: (pattern) => expected.push(pattern) });
      expect(found.filter((text) => !expected.some((pattern) => pattern.test(text)))).toEqual([]);
    },
    { auto: true },
  ],
  signedIn: [
    async ({ page, baseURL }, use) => {
      const token = process.env.LW_E2E_TOKEN ?? 'letmein';
      const response = await page.request.post(`${baseURL}/api/v1/session`, {
        data: { token },
        headers: { 'X-Linewatch': '1' },
      });
      expect(response.ok(), await response.text()).toBe(true);
      await use();
    },
    { auto: true },
  ],
});
export { expect };

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds on the page as it is, in one line each. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe: run } = window as unknown as {
      axe: {
        run(
          context: Document,
          options: object,
        ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
      };
    };
    const { violations } = await run.run(document, { resultTypes: ['violations'] });
    return violations.flatMap((each) =>
      each.nodes
        .slice(0, 4)
        .map(
          (node) => `${each.id}: ${node.html.slice(0, 160)} ${node.failureSummary.replace(/\s+/g, ' ').slice(0, 260)}`,
        ),
    );
  });
}

/** What axe finds in both themes; the page is not loaded anew for the second. */
export async function axeInBothThemes(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const [colorScheme, background] of [
    ['light', 'rgb(255, 255, 255)'],
    ['dark', 'rgb(27, 26, 31)'],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await expect(page.locator('html')).toHaveCSS('background-color', background);
    found.push(...(await axe(page)).map((each) => `${colorScheme}: ${each}`));
  }
  return found;
}

/** Body rows of a table or grid, by its name. */
export const rowsOf = (page: Page, name: string) =>
  page.getByRole('grid', { name }).or(page.getByRole('treegrid', { name })).locator('.grid-row');
