// SPDX-License-Identifier: Apache-2.0
// Alerts, by the words of the seed document "Connection monitor": the alert-based filter of the dashboard, and metric
// alerts that are created by Configure Alerts.
import type { Page } from '@playwright/test';
import { axe, expect, rowsOf, test } from './fixture.ts';

const headers = { 'X-Linewatch': '1' };

const countOf = async (page: Page) =>
  Number((await page.getByRole('group', { name: 'Filter by alert' }).locator('strong').innerText()).replace(',', ''));

test('Alert-based filter: filter by alerts that are fired on the connection monitor resource', async ({ page }) => {
  await page.goto('/');
  const tile = page.getByRole('group', { name: 'Filter by alert' });
  await expect(rowsOf(page, 'Connection monitors')).toHaveCount(3);
  const all = await countOf(page);
  expect(all).toBeGreaterThan(0);
  await tile.getByRole('button', { name: 'Tests with alerts' }).click();
  await expect(page).toHaveURL(/alert=Sev0,Sev1,Sev2,Sev3,Sev4/);
  await expect(page.getByText(`${all} of 611 tests`)).toBeVisible();
  // The rule for cm-core is switched off.
  await expect(rowsOf(page, 'Connection monitors')).toHaveCount(2);
  // By severity: the tile, the table's mark and the facet agree.
  await tile.getByRole('button', { name: 'Tests with alerts' }).click();
  const severe = tile.getByRole('button', { name: /^Sev1 \d+$/ });
  const count = Number(/(\d+)$/.exec(await severe.innerText())?.[1]);
  await severe.click();
  await expect(page.getByText(`${count} of 611 tests`)).toBeVisible();
  await page.getByRole('tab', { name: 'Tests', exact: true }).click();
  await expect(rowsOf(page, 'Tests').first()).toContainText('Sev1');
  for (const text of await rowsOf(page, 'Tests').allInnerTexts()) expect(text).toContain('outlook.office365.com');
  await page.getByRole('button', { name: 'Alert: Sev1' }).click();
  await expect(page.getByRole('dialog', { name: 'Filter by alert' }).getByLabel(/Sev1/)).toBeChecked();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page.getByText('611 of 611 tests')).toBeVisible();
  // As words of the search, and as the order of the table.
  await page.getByRole('searchbox', { name: 'Search' }).fill('alert:sev1');
  await expect(page.getByText(`${count} of 611 tests`)).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search' }).fill('');
  await page.getByRole('columnheader', { name: 'Alert' }).getByRole('button').click();
  await page.getByRole('columnheader', { name: 'Alert' }).getByRole('button').click();
  await expect(rowsOf(page, 'Tests').first()).toContainText('Sev1');
});

test('Alert-based filter: the alerts of another time, with time travel', async ({ page }) => {
  // Nobody is slow or cut off from mail at noon but the one who always is.
  await page.goto('/?view=tests&at=2026-11-21T12:50:00Z&alert=Sev0,Sev1,Sev2,Sev3,Sev4');
  await expect(page.getByText('1 of 611 tests')).toBeVisible();
  expect(await countOf(page)).toBe(1);
  await rowsOf(page, 'Tests').first().getByRole('link', { name: 'Sev1' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Alerts' })).toBeVisible();
  const then = page.getByRole('region', { name: 'Firing then' }).first();
  await expect(then.getByRole('row')).toHaveCount(2);
  await expect(then).toContainText('TestResult was 3');
  await page.keyboard.press('l');
  await expect(page.getByRole('region', { name: 'Firing now' }).first()).toBeVisible();
});

test('Alerts: each in words, to its tests and to the time when it fired', async ({ page }) => {
  await page.goto('/alerts');
  const firing = page.getByRole('region', { name: 'Firing now' }).first();
  const slow = firing.getByRole('row', { name: /payments-slow/ });
  await expect(slow).toContainText(
    /RoundTripTimeMs was [\d.]+ \(maximum over 5 minutes\), above 400: api\.payments, https\./,
  );
  await slow.getByText(/^\d+ tests$/).click();
  await slow.getByRole('link', { name: /^All in the overview/ }).click();
  await expect(page).toHaveURL(/view=tests.*monitor=cm-payments/);
  await expect(page).toHaveURL(/dst=api\.payments/);
  for (const text of await rowsOf(page, 'Tests').allInnerTexts()) expect(text).toContain('Sev2');
  await page.goBack();
  // Those that are over, with how they ended; a click on their time goes there.
  const past = page.getByRole('region', { name: 'Resolved' }).first();
  await expect(past.getByRole('row', { name: /mail-fails/ }).first()).toContainText(
    'Resolved: three evaluations without a breach.',
  );
  await page.getByRole('searchbox', { name: 'Search' }).fill('payments');
  await expect(firing.getByRole('row')).toHaveCount(2);
  await firing.getByRole('button', { name: /^2026-11-21 19:0/ }).click();
  await expect(page.getByRole('region', { name: 'Time travel' })).toContainText('Past 2026-11-21 19:0');
  await expect(page.getByRole('region', { name: 'Firing then' }).first()).toContainText('payments-slow');
});

test('Alerts: at a time before the range there are none in it', async ({ page }) => {
  await page.goto('/alerts?at=2026-11-19T12:50:00Z');
  await expect(page.getByRole('region', { name: 'Resolved by then' }).first()).toContainText('None in this range.');
  await expect(page.getByRole('region', { name: 'Firing then' }).first()).toContainText('TestResult was 3');
});

test('Alerts: resolve one by hand', async ({ page }) => {
  await page.goto('/alerts?q=ams2-agent-03');
  const firing = page.getByRole('region', { name: 'Firing now' }).first();
  await expect(firing.getByRole('row')).toHaveCount(3);
  await firing
    .getByRole('button', { name: /^Resolve/ })
    .first()
    .click();
  await expect(page.getByText('If it goes on, the next evaluation fires a new alert.')).toBeVisible();
  await expect(firing.getByRole('row')).toHaveCount(2);
});

test('Configure Alerts: create a metric alert from the dashboard, with what it would have done', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Configure alerts' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Configure alerts' })).toBeVisible();
  const form = page.getByRole('form', { name: 'Alert rule' });
  const preview = page.getByRole('region', { name: 'What it would have done' });
  // Condition: ChecksFailedPercent or RoundTripTimeMs, static; dimension; threshold; granularity and frequency.
  const condition = form.getByRole('group', { name: 'Condition 1' });
  await condition.getByLabel('Metric').selectOption('RoundTripTimeMs');
  await condition.getByLabel('Aggregation').selectOption('Average');
  await condition.getByLabel('Is').selectOption('above');
  await condition.getByRole('spinbutton', { name: 'Threshold' }).fill('100');
  await form.getByRole('radio', { name: 'These' }).check();
  await expect(form.getByText('a rule needs a scope')).toBeVisible();
  await form.getByRole('checkbox', { name: 'cm-core' }).check();
  await form.getByRole('combobox', { name: 'Destination', exact: true }).selectOption('only these');
  await form.getByRole('checkbox', { name: 'sql-prod-01' }).check();
  await form.getByLabel('Evaluated every').selectOption('5 minutes');
  await form.getByLabel('Over the last').selectOption('15 minutes');
  // Back-test: the way to the database is slow three times a day, from half of the sources.
  await expect(preview).toContainText(/It would have fired \d+ times in 1 d/);
  await expect(preview.getByRole('img', { name: /^When it would have fired/ })).toBeVisible();
  await preview.getByText('As a table').click();
  await expect(preview.getByRole('table')).toContainText(
    /RoundTripTimeMs was 1\d\d(\.\d)? \(average over 15 minutes\), above 100/,
  );
  expect(await axe(page)).toEqual([]);
  // What cannot be is said at its field, and cannot be saved.
  const save = form.getByRole('button', { name: 'Create alert rule' });
  await expect(save).toBeDisabled();
  await form.getByRole('textbox', { name: 'Name' }).fill('database-slow');
  await condition.getByLabel('Metric').selectOption('ChecksFailedPercent');
  await expect(condition.getByText('a percentage is never above 100')).toBeVisible();
  await expect(save).toBeDisabled();
  await condition.getByLabel('Metric').selectOption('RoundTripTimeMs');
  await form.getByRole('checkbox', { name: 'on-call' }).check();
  await save.click();
  const row = page.getByRole('region', { name: 'Rules' }).getByRole('row', { name: /database-slow/ });
  await expect(row).toContainText('Average of RoundTripTimeMs over 15 minutes above 100');
  await expect(row).toContainText('evaluated');
  const { document } = await (await page.request.get('/api/v1/alert-rules/database-slow')).json();
  expect(document.properties).toMatchObject({
    scopes: ['connectionMonitors/cm-core'],
    evaluationFrequency: 'PT5M',
    windowSize: 'PT15M',
    criteria: {
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion',
          metricName: 'RoundTripTimeMs',
          timeAggregation: 'Average',
          operator: 'GreaterThan',
          threshold: 100,
        },
      ],
    },
    actions: [{ actionGroupId: expect.stringMatching(/\/actionGroups\/on-call$/) }],
  });
  expect(document.properties.criteria.allOf[0].dimensions).toContainEqual({
    name: 'DestinationName',
    operator: 'Include',
    values: ['sql-prod-01'],
  });
  // It fires at once, on the dashboard too; switched off it does not; and away again.
  await row.getByRole('button', { name: /^\d+ alerts? of database-slow/ }).click();
  await expect(page.getByRole('region', { name: 'Firing now' }).first()).toContainText('database-slow');
  await page.getByRole('tab', { name: 'Rules' }).click();
  await row.getByRole('button', { name: 'Switch off database-slow' }).click();
  await expect(row).toContainText('switched off');
  await row.getByRole('button', { name: 'Delete database-slow' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);
});

test('Configure Alerts: from the page of a connection monitor, for that monitor', async ({ page }) => {
  await page.goto('/monitors/cm-payments');
  // What fires for it stands on its page.
  await expect(page.getByRole('region', { name: /^Alerts/ }).first()).toContainText('payments-slow');
  await page.getByRole('link', { name: 'Configure alerts' }).click();
  const form = page.getByRole('form', { name: 'Alert rule' });
  await expect(form.getByRole('checkbox', { name: 'cm-payments' })).toBeChecked();
  await expect(form.getByRole('checkbox', { name: 'cm-core' })).not.toBeChecked();
  await form.getByRole('button', { name: 'Many checks of a test fail' }).click();
  await expect(form.getByRole('spinbutton', { name: 'Threshold' })).toHaveValue('50');
  await expect(page.getByRole('region', { name: 'What it would have done' })).toContainText('It would not have fired.');
});

test('Configure Alerts: create metric alerts during the creation of connection monitors', async ({ page, guard }) => {
  guard.expectErrors(/404/);
  await page.goto('/monitors/new');
  await page.getByRole('textbox', { name: 'Name' }).fill('with-alerts');
  await page.getByRole('button', { name: 'Next: Endpoints' }).click();
  await page.getByRole('button', { name: 'Add an address' }).click();
  await page.getByRole('textbox', { name: 'Address or host name' }).fill('d.example');
  await page.getByRole('button', { name: '4 Test groups' }).click();
  await page
    .getByRole('group', { name: /^Destinations/ })
    .getByRole('checkbox')
    .last()
    .check();
  await page.getByRole('button', { name: 'Next: Review' }).click();
  await page.getByRole('checkbox', { name: /^A test fails/ }).check();
  await page.getByRole('checkbox', { name: /^A test is slow/ }).check();
  await page.getByRole('checkbox', { name: 'on-call' }).check();
  expect(await axe(page)).toEqual([]);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('with-alerts');
  await page.goto('/alerts?tab=rules');
  for (const [name, words] of [
    ['with-alerts-fails', 'TestResult'],
    ['with-alerts-slow', 'RoundTripTimeMs'],
  ] as const) {
    const row = page.getByRole('row', { name: new RegExp(name) });
    await expect(row).toContainText(words);
    const { document } = await (await page.request.get(`/api/v1/alert-rules/${name}`)).json();
    expect(document.properties.scopes).toEqual(['connectionMonitors/with-alerts']);
    expect(document.properties.actions).toHaveLength(1);
    expect((await page.request.delete(`/api/v1/alert-rules/${name}`, { headers })).ok()).toBe(true);
  }
  expect((await page.request.delete('/api/v1/connection-monitors/with-alerts', { headers })).ok()).toBe(true);
});

test('An alert rule that somebody else changed meanwhile is not written over', async ({ page, guard }) => {
  guard.expectErrors(/412/);
  await page.goto('/alerts/rules/core-loss');
  const form = page.getByRole('form', { name: 'Alert rule' });
  await expect(form.getByRole('spinbutton', { name: 'Threshold' })).toHaveValue('90');
  const url = '/api/v1/alert-rules/core-loss';
  const { document } = await (await page.request.get(url)).json();
  const put = (description: string) =>
    page.request.put(url, { headers, data: { ...document, properties: { ...document.properties, description } } });
  expect((await put('By somebody else.')).ok()).toBe(true);
  await form.getByRole('spinbutton', { name: 'Threshold' }).fill('80');
  await expect(form.getByRole('button', { name: 'Save' })).toBeEnabled();
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('changed by somebody else');
  expect((await put('')).ok()).toBe(true);
});

test('Action groups: create one, send a test and see what each webhook answered', async ({ page, guard }) => {
  guard.expectErrors(/400/);
  await page.goto('/alerts?tab=groups');
  await page.getByRole('button', { name: 'Create action group' }).click();
  const form = page.getByRole('dialog', { name: 'Create action group' });
  await form.getByRole('textbox', { name: 'Name', exact: true }).fill('night-shift');
  await form.getByRole('textbox', { name: 'URL' }).fill('chat.example/night');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByRole('alert')).toContainText('`chat.example/night` is no URL');
  await form.getByRole('textbox', { name: 'URL' }).fill('https://chat.example/night');
  await form.getByRole('button', { name: 'Add a webhook' }).click();
  await form.getByRole('textbox', { name: 'URL' }).last().fill('https://down.example/night');
  expect(await axe(page)).toEqual([]);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form).toHaveCount(0);
  const row = page.getByRole('row', { name: /night-shift/ });
  await row.getByRole('button', { name: 'Send a test' }).click();
  const outcome = page.getByRole('dialog', { name: 'Test of night-shift' });
  await expect(outcome.getByRole('listitem').first()).toContainText('answered 204');
  await expect(outcome.getByRole('listitem').last()).toContainText('did not answer');
  await outcome.getByRole('button', { name: 'Close' }).click();
  await row.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('dialog')).toContainText('No rule names it.');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);
});

test('A new alert is seen without asking: tile, mark and list', async ({ page }) => {
  // The rule is switched off: of its monitor nothing fires.
  await page.goto('/?view=tests&monitor=cm-core&alert=Sev0');
  const before = await countOf(page);
  await expect(rowsOf(page, 'Tests')).toHaveCount(0);
  const { document } = await (await page.request.get('/api/v1/alert-rules/core-loss')).json();
  const properties = structuredClone(document.properties);
  properties.enabled = true;
  properties.severity = 0;
  properties.criteria.allOf[0].threshold = 1;
  const url = '/api/v1/alert-rules/core-loss';
  expect((await page.request.put(url, { headers, data: { ...document, properties } })).ok()).toBe(true);
  await expect.poll(() => countOf(page)).toBeGreaterThan(before);
  await expect(rowsOf(page, 'Tests').first()).toContainText('Sev0');
  expect((await page.request.put(url, { headers, data: document })).ok()).toBe(true);
  await expect.poll(() => countOf(page)).toBe(before);
  await expect(rowsOf(page, 'Tests')).toHaveCount(0);
});
