// SPDX-License-Identifier: Apache-2.0
// A real server that watches nothing, as a new one does. The last of the files: it takes away what the others look at.
import { axeInBothThemes, expect, rowsOf, test } from './fixture.ts';

const MONITORS = '/api/v1/connection-monitors';
const headers = { 'X-Linewatch': '1' };

test('The first-run page leads to a first monitor, by keys alone', async ({ page, baseURL }) => {
  // Its tests run each 30 s.
  test.setTimeout(120_000);
  const { value } = await (await page.request.get(MONITORS)).json();
  await page.goto('/');
  for (const { name } of value)
    expect((await page.request.delete(`${MONITORS}/${name}`, { headers })).ok(), name).toBe(true);
  // The page that is shown learns of it by itself.
  await expect(page.getByRole('heading', { name: 'Nothing is watched yet. What should be?' })).toBeVisible();
  await expect(page.getByText('every 30 seconds from local.')).toBeVisible();
  expect(await axeInBothThemes(page)).toEqual([]);
  const { hostname, port } = new URL(baseURL ?? '');
  await page.getByLabel('Target 1').focus();
  await page.keyboard.type(`${hostname}:${port}`);
  await page.keyboard.press('Enter');
  await expect(rowsOf(page, 'Connection monitors').first()).toContainText('first');
  await page.getByRole('tab', { name: 'Tests' }).click();
  await expect(rowsOf(page, 'Tests')).toHaveCount(2);
  await expect(rowsOf(page, 'Tests').filter({ hasText: 'Pass' })).toHaveCount(2, { timeout: 60_000 });
  expect((await page.request.delete(`${MONITORS}/first`, { headers })).ok()).toBe(true);
});
