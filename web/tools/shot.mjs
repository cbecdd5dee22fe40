// SPDX-License-Identifier: Apache-2.0
// Takes pictures of pages: node tools/shot.mjs BASE OUT PATH [PATH…] [--dark] [--width N] [--height N] [--forced]
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dark: { type: 'boolean' },
    forced: { type: 'boolean' },
    width: { type: 'string', default: '1440' },
    height: { type: 'string', default: '900' },
    token: { type: 'string' },
    wait: { type: 'string', default: '1500' },
  },
});
const [base, out, ...paths] = positionals;
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const context = await browser.newContext({
  viewport: { width: Number(values.width), height: Number(values.height) },
  colorScheme: values.dark ? 'dark' : 'light',
  forcedColors: values.forced ? 'active' : 'none',
  ignoreHTTPSErrors: true,
});
const page = await context.newPage();
page.on(
  'console',
  (message) => ['error', 'warning'].includes(message.type()) && console.log(message.type(), message.text()),
);
page.on('pageerror', (error) => console.log('pageerror', error.message));
if (values.token) {
  await page.goto(base);
  await page.getByLabel('Token').fill(values.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#main').waitFor();
}
for (const [i, path] of paths.entries()) {
  await page.goto(base + path);
  await page.waitForTimeout(Number(values.wait));
  const name = `${out}${paths.length > 1 ? `-${i}` : ''}.png`;
  await page.screenshot({ path: name });
  console.log(name, path);
}
await browser.close();
