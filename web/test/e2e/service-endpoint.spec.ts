// SPDX-License-Identifier: Apache-2.0
// The walk-through of the seed document "Service Endpoint Monitor", by its own words.
import type { Page } from '@playwright/test';
import { axe, expect, test } from './fixture.ts';

test('Walkthrough: from the tile to the test, its nodes, and the troublesome hop of 96 ms', async ({ page }) => {
  await page.goto('/services');
  await expect(page.getByText('Critical')).toBeVisible();
  // Point-in-time health and values of all tests; then the history of one.
  const tests = page.getByRole('region', { name: 'Tests', exact: true }).last();
  await tests.getByRole('button', { name: 'sql-prod-01' }).click();
  await expect(page.getByRole('heading', { name: 'sql-prod-01: application or network?' })).toBeVisible();
  await expect(page.getByRole('img', { name: /Loss of sql-prod-01/ })).toBeVisible();
  // Test Nodes: the node from where it is slow.
  await page.getByRole('region', { name: 'Test nodes' }).last().getByRole('button', { name: 'sin1-agent-00' }).click();
  await expect(
    page.getByRole('heading', { name: 'sql-prod-01 from sin1-agent-00: application or network?' }),
  ).toBeVisible();
  await page
    .getByRole('region', { name: /application or network/ })
    .getByRole('link', { name: 'Topology' })
    .click();
  const hop = page.getByRole('button', { name: /^Hop 7 .*troubled/ });
  await hop.click();
  await expect(page.getByText(/\(hop 7\) adds 96 of \d+ ms/).first()).toBeVisible();
});

test('Network State Recorder: view the network snapshot at another time in past', async ({ page }) => {
  await page.goto('/services?dst=sql-prod-01');
  const row = page.getByRole('row', { name: /sql-prod-01/ }).first();
  await expect(row).toContainText('Fail');
  await page.goto('/services?dst=sql-prod-01&at=2026-11-21T17:00:00Z');
  await expect(row).toContainText(/Pass|Warning/);
  await page.keyboard.press('l');
  await expect(row).toContainText('Fail');
});

test('Application issue: a spike in the response time, but the network latency is consistent', async ({ page }) => {
  await page.goto('/services?dst=api.payments');
  await expect(
    page.getByText(
      /Application issue: The response time went up from \d+ ms to \d+ ms, while the network latency stayed/,
    ),
  ).toBeVisible();
});

test('Network issue: a spike in response time is accompanied with a spike in the network latency', async ({ page }) => {
  await page.goto('/services');
  await addTest(page, 'prod-web', 'https://sql-prod-01/health', ['sin1-agent-00', 'sin1-agent-01']);
  await page.goto('/services?dst=sql-prod-01&src=sin1-agent-00');
  await expect(
    page.getByText(/Network issue: The response time went up from \d+ ms to \d+ ms, and the network latency with it/),
  ).toBeVisible();
  await page.request.delete('/api/v1/connection-monitors/prod-web', { headers: { 'X-Linewatch': '1' } });
});

async function addTest(page: Page, name: string, target: string, nodes: readonly string[]): Promise<void> {
  await page.getByRole('button', { name: 'Add test' }).click();
  const form = page.getByRole('dialog', { name: 'Add test' });
  await form.getByRole('textbox', { name: 'Test name' }).fill(name);
  await form.getByRole('radio', { name: /^Web test/ }).check();
  await form.getByRole('textbox', { name: 'Target' }).fill(target);
  for (const node of nodes) await form.getByRole('checkbox', { name: node, exact: true }).check();
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(`${name} is created`)).toBeVisible();
  await expect(form).toHaveCount(0);
}

test('Create Service Endpoint Monitor tests', async ({ page }) => {
  await page.goto('/services');
  await page.getByRole('button', { name: 'Add test' }).click();
  const form = page.getByRole('dialog', { name: 'Add test' });
  // Name and description; the type of test; network measurements are recommended.
  await form.getByRole('textbox', { name: 'Test name' }).fill('git-ssh');
  await form.getByRole('textbox', { name: 'Description' }).fill('Where the sources are.');
  await expect(form.getByRole('checkbox', { name: /^Perform network measurements/ })).toBeChecked();
  await form.getByRole('radio', { name: /^Network test/ }).check();
  // Target, port, frequency, nodes, monitoring conditions.
  await form.getByRole('textbox', { name: 'Target' }).fill('git.example');
  await form.getByRole('spinbutton', { name: 'Port' }).fill('22');
  await form.getByRole('combobox', { name: 'Every' }).selectOption('5 min');
  await form.getByRole('checkbox', { name: 'fra1-agent-00', exact: true }).check();
  await form.getByRole('spinbutton', { name: 'Network latency above, ms' }).fill('80');
  expect(await axe(page)).toEqual([]);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { name: 'git.example: application or network?' })).toBeVisible();
  const url = '/api/v1/connection-monitors/git-ssh';
  const { document } = await (await page.request.get(url)).json();
  expect(document).toMatchObject({
    notes: 'Where the sources are.',
    testConfigurations: [
      {
        protocol: 'Tcp',
        testFrequencySec: 300,
        tcpConfiguration: { port: 22 },
        successThreshold: { checksFailedPercent: 10, roundTripTimeMs: 80 },
      },
    ],
  });
  await page.request.delete(url, { headers: { 'X-Linewatch': '1' } });
});

test('Diagnostics: response time, loss and latency are NA', async ({ page }) => {
  await page.goto('/services?dst=outlook.office365.com&src=ams2-agent-03');
  await expect(page.getByText(/^Nothing answers: the application is down, the target is wrong/)).toBeVisible();
});

test('Diagnostics: a valid response time while loss and latency are NA', async ({ page }) => {
  await page.goto('/services?dst=storage&src=syd1-agent-00');
  await expect(page.getByText(/^The application answers, yet network checks do not: a firewall/)).toBeVisible();
});

test('Diagnostics: response time NA while loss and latency are valid', async ({ page }) => {
  await page.goto('/services?dst=ldap');
  await expect(page.getByRole('row', { name: /^ldap/ }).first()).toContainText('NA');
  await expect(page.getByText(/Response time is NA: no HTTP test configuration/)).toBeVisible();
});
