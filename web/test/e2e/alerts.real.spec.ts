// SPDX-License-Identifier: Apache-2.0
// Alerts on a real server, by the browser alone: an action group, a rule with its back-test, the alert that it fires,
// the message that is sent of it, and its end. Started by tests/web, whose monitor "loopback" has tests that fail.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { axe, expect, rowsOf, test } from './fixture.ts';

interface Message {
  data: { essentials: { alertRule: string; monitorCondition: string; investigationLink?: string } };
}

/** A webhook of the test's own. */
class Hook {
  readonly messages: Message[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.messages.push(JSON.parse(Buffer.concat(chunks).toString()) as Message);
        response.writeHead(204).end();
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  conditionsOf(rule: string): string[] {
    return this.messages
      .filter((each) => each.data.essentials.alertRule.endsWith(rule))
      .map((each) => each.data.essentials.monitorCondition);
  }

  close(): void {
    this.server.close();
  }
}

test('Configure Alerts: a rule fires for the tests that fail, is told of, shown everywhere, and ends', async ({
  page,
}) => {
  // A rule is evaluated each minute, some seconds late.
  test.setTimeout(300_000);
  const hook = new Hook();
  const url = await hook.listen();
  await page.goto('/alerts?tab=groups');
  await page.getByRole('button', { name: 'Create action group' }).click();
  const group = page.getByRole('dialog', { name: 'Create action group' });
  await group.getByRole('textbox', { name: 'Name', exact: true }).fill('browser');
  await group.getByRole('textbox', { name: 'URL' }).fill(url);
  await group.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Send a test browser' }).click();
  const outcome = page.getByRole('dialog', { name: 'Test of browser' });
  await expect(outcome).toContainText('204');
  await outcome.getByRole('button', { name: 'Close' }).click();
  expect(hook.messages).toHaveLength(1);

  await page.goto('/monitors/loopback');
  await page.getByRole('link', { name: 'Configure alerts' }).click();
  const form = page.getByRole('form', { name: 'Alert rule' });
  await expect(form.getByRole('checkbox', { name: 'loopback' })).toBeChecked();
  await form.getByRole('textbox', { name: 'Name' }).fill('refused');
  await form.getByLabel('Severity').selectOption('Sev1: error');
  await form.getByRole('combobox', { name: 'Over the last' }).selectOption('1 minute');
  await form.getByRole('checkbox', { name: 'browser' }).check();
  const preview = page.getByRole('region', { name: 'What it would have done' });
  await expect(preview).toContainText(/^What it would have done.*TestResult/);
  await expect(preview).toContainText(/It would (not )?have fired/);
  expect(await axe(page)).toEqual([]);
  // What cannot be is the server's to say, at its field.
  const condition = form.getByRole('group', { name: 'Condition 1' });
  await condition.getByRole('spinbutton', { name: 'Threshold' }).fill('');
  await expect(form.getByRole('button', { name: 'Create alert rule' })).toBeDisabled();
  await condition.getByRole('spinbutton', { name: 'Threshold' }).fill('2');
  await form.getByRole('button', { name: 'Create alert rule' }).click();
  const row = page.getByRole('region', { name: 'Rules' }).getByRole('row', { name: /refused/ });
  await expect(row).toContainText('TestResult');

  // Without asking: the tile counts both tests, and their rows have the mark.
  await page.goto('/?view=tests');
  const tile = page.getByRole('group', { name: 'Filter by alert' });
  await expect(tile.locator('strong')).toHaveText('2', { timeout: 200_000 });
  await tile.getByRole('button', { name: /^Sev1 2$/ }).click();
  await expect(rowsOf(page, 'Tests')).toHaveCount(2);
  for (const text of await rowsOf(page, 'Tests').allInnerTexts()) expect(text).toMatch(/Fail[^]*Sev1/);
  await rowsOf(page, 'Tests').first().getByRole('link', { name: 'Sev1' }).click();
  const firing = page.getByRole('region', { name: 'Firing now' }).first();
  await expect(firing.getByRole('row')).toHaveCount(2);
  await expect(firing).toContainText(/TestResult was 3/);
  expect(await axe(page)).toEqual([]);
  await expect.poll(() => hook.conditionsOf('refused'), { timeout: 60_000 }).toEqual(['Fired', 'Fired']);
  // The message's link leads to its alert.
  const link = new URL(hook.messages.at(-1)!.data.essentials.investigationLink ?? '');
  await page.goto(link.pathname + link.search);
  await expect(firing.getByRole('row')).toHaveCount(2);
  await page.goto('/monitors/loopback');
  await expect(page.getByRole('region', { name: /^Alerts/ }).first()).toContainText('refused');

  // Switched off, what it fired is resolved and stays in the past.
  await page.goto('/alerts?tab=rules');
  await row.getByRole('button', { name: 'Switch off refused' }).click();
  await expect(row).toContainText('switched off');
  await page.getByRole('tab', { name: 'Alerts' }).click();
  const past = page.getByRole('region', { name: 'Resolved' }).first();
  await expect(past.getByRole('row', { name: /the rule was switched off/ })).toHaveCount(2, { timeout: 30_000 });
  await expect.poll(() => hook.conditionsOf('refused').length, { timeout: 60_000 }).toBe(4);
  await page.goto('/');
  await expect(tile.locator('strong')).toHaveText('0');
  // Time travel: what fired when it fired, in the list as in the tile.
  await page.goBack();
  await past
    .getByRole('row', { name: /the rule was switched off/ })
    .first()
    .getByRole('button')
    .click();
  await expect(page.getByRole('region', { name: 'Firing then' }).first().getByRole('row')).toHaveCount(3);
  await page.getByRole('link', { name: 'Overview' }).click();
  await expect(page.getByRole('region', { name: 'Time travel' })).toContainText('Past');
  await expect(tile.locator('strong')).toHaveText('2');
  await page.goto('/alerts?tab=rules');
  await row.getByRole('button', { name: 'Delete refused' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);
  await page.goto('/alerts?tab=groups');
  await page.getByRole('button', { name: 'Delete browser' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('There is no action group yet.')).toBeVisible();
  hook.close();
});
