// SPDX-License-Identifier: Apache-2.0
// The use cases of the seed document "Connection monitor", by their names there.
import { axe, expect, rowsOf, test } from './fixture.ts';

const search = { name: 'Search', exact: true };

test('Monitoring dashboards: view data by connection monitor, test groups and test', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('tab', { name: 'Connection monitors' })).toHaveAttribute('aria-selected', 'true');
  await expect(rowsOf(page, 'Connection monitors')).toHaveCount(3);
  await page.getByRole('tab', { name: 'Test groups' }).click();
  await expect(rowsOf(page, 'Test groups')).toHaveCount(6);
  await page.getByRole('tab', { name: 'Tests', exact: true }).click();
  await expect(page.getByRole('grid', { name: 'Tests' })).toHaveAttribute('aria-rowcount', '612');
  await expect(page).toHaveURL(/view=tests/);
});

test('Monitoring dashboards: expand each connection monitor to its test groups, each test group to its tests', async ({
  page,
}) => {
  await page.goto('/');
  const rows = rowsOf(page, 'Connection monitors');
  await page.getByRole('button', { name: 'Expand cm-core' }).click();
  await expect(rows).toHaveCount(5);
  await page.getByRole('button', { name: 'Expand database' }).click();
  await expect(rows.nth(2)).toHaveAttribute('aria-level', '3');
  await expect(rows.nth(2)).toContainText('→ sql-prod-01');
  await page.getByRole('button', { name: 'Collapse cm-core' }).click();
  await expect(rows).toHaveCount(3);
});

async function filterBySourceIp(page: import('@playwright/test').Page): Promise<void> {
  await page.getByRole('tab', { name: 'Tests', exact: true }).click();
  await page.getByRole('searchbox', search).fill('10.192.64.56');
  await page.getByLabel('Scope').selectOption('Sources');
}

test('View all tests in Connection Monitor, where the source IP is 10.192.64.56', async ({ page }) => {
  await page.goto('/');
  await filterBySourceIp(page);
  await expect(page.getByText('6 of 611 tests')).toBeVisible();
  for (const text of await rowsOf(page, 'Tests').allInnerTexts()) expect(text).toContain('fra1-agent-00');
});

test('Show only failed tests in Connection Monitor, where the source IP is 10.192.64.56', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: /^Fail/ }).click();
  await filterBySourceIp(page);
  await expect(rowsOf(page, 'Tests')).toHaveCount(1);
  await expect(rowsOf(page, 'Tests')).toContainText('Fail');
});

test('Show only failed tests in Connection Monitor, where the destination is outlook.office365.com', async ({
  page,
}) => {
  await page.goto('/');
  await page.getByRole('tab', { name: 'Tests', exact: true }).click();
  await page.getByRole('button', { name: /^Fail/ }).click();
  await page.getByRole('searchbox', search).fill('office.live.com');
  await page.getByLabel('Scope').selectOption('Destinations');
  await expect(page.getByText(/^\d+ of 611 tests$/)).not.toHaveText('0 of 611 tests');
  await expect(page).toHaveURL(/q=office.*scope=destinations|scope=destinations.*q=office/);
  const texts = () => rowsOf(page, 'Tests').allInnerTexts();
  await expect
    .poll(async () => (await texts()).every((text) => /Fail[^]*outlook\.office365\.com/.test(text)))
    .toBe(true);
  expect((await texts()).length).toBeGreaterThan(3);
});

test('To know the reason for the failure of a test, select the Reason column', async ({ page }) => {
  await page.goto('/?view=tests&state=Fail&q=dst:sql-prod-01');
  await rowsOf(page, 'Tests')
    .first()
    .getByRole('button', { name: /above the limit/ })
    .click();
  const reason = page.getByRole('dialog', { name: /^Reason: / });
  // Which threshold was breached, by how much, since when, and the related diagnostics message.
  await expect(reason).toContainText('round-trip time above the threshold');
  await expect(reason).toContainText('100 ms');
  await expect(reason).toContainText('2026-11-21 18:30:00Z');
  await expect(reason).toContainText(/\(hop 7\) adds 96 of \d+ ms/);
});

test('To know the reason for the failure of a connection monitor, select the Reason column', async ({ page }) => {
  await page.goto('/');
  await rowsOf(page, 'Connection monitors')
    .filter({ hasText: 'cm-office365' })
    .getByRole('button', { name: /checks failed/ })
    .click();
  await expect(page.getByRole('dialog', { name: 'Reason' })).toContainText('checks failed above the threshold');
});

test('To know the reason for the failure of a test group, select the Reason column', async ({ page }) => {
  await page.goto('/?view=groups');
  await rowsOf(page, 'Test groups')
    .filter({ hasText: 'database' })
    .getByRole('button', { name: /above the limit/ })
    .click();
  const reason = page.getByRole('dialog', { name: 'Reason' });
  await expect(reason).toContainText('round-trip time above the threshold');
  await expect(reason).toContainText(/\(hop 7\) adds 96 of \d+ ms/);
});

test('States of a test: Pass, Fail, Warning, Indeterminate, Not Running', async ({ page }) => {
  await page.goto('/?view=tests');
  const tiles = page.getByRole('group', { name: 'Filter by state' });
  let sum = 0;
  for (const state of ['Pass', 'Warning', 'Fail', 'Indeterminate', 'Not Running']) {
    const tile = tiles.getByRole('button', { name: new RegExp(`^${state}`) });
    const count = Number(await tile.locator('strong').innerText());
    sum += count;
    await tile.click();
    await expect(page.getByText(`${count} of 611 tests`)).toBeVisible();
    if (count > 0) await expect(rowsOf(page, 'Tests').first()).toContainText(state);
    await tile.click();
  }
  expect(sum).toBe(611);
  // Disabled by disabling the test group: it says so.
  await tiles.getByRole('button', { name: /^Not Running/ }).click();
  await rowsOf(page, 'Tests')
    .first()
    .getByRole('button', { name: /disabled/ })
    .click();
  await expect(page.getByRole('dialog', { name: /^Reason/ })).toContainText('the test group is disabled');
});

test('View the trends in RTT and the percentage of failed checks for a connection monitor', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'cm-core' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('cm-core');
  // Essentials, Summary with trendlines and top five, Tabs, Issues.
  await expect(page.getByRole('region', { name: 'Essentials' })).toContainText('282 tests');
  await expect(page.getByRole('img', { name: /^Round-trip time\. Highest/ })).toBeVisible();
  await expect(page.getByRole('img', { name: /^Checks failed\. Highest/ })).toBeVisible();
  const top = page.getByRole('region', { name: 'Top five' });
  await expect(top.getByRole('listitem').first()).toContainText('ms');
  await top.getByRole('tab', { name: 'Destinations' }).click();
  await expect(top).toContainText('sql-prod-01');
  for (const name of ['Test groups (2)', 'Sources (94)', 'Destinations (3)', 'Test configurations (2)']) {
    await page.getByRole('tab', { name }).click();
    await expect(page.getByRole('columnheader', { name: 'Tests failed' })).toBeVisible();
  }
  const issues = page.getByRole('region', { name: 'Issues' });
  await issues.getByText('a link adds delay').click();
  await expect(issues).toContainText('hop 7 adds 96 ms');
});

test('Go back in time to view data', async ({ page }) => {
  await page.goto('/monitors/cm-core');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Fail');
  const failed = page.getByRole('row', { name: /^database/ });
  await expect(failed).toContainText('92');
  await page.goto('/monitors/cm-core?at=2026-11-21T17:00:00Z');
  await expect(page.getByRole('region', { name: 'Time travel' })).toContainText('Past 2026-11-21 17:00Z');
  await expect(failed).not.toContainText('92');
  await page.getByRole('button', { name: 'Go live' }).click();
  await expect(failed).toContainText('92');
  await expect(page).not.toHaveURL(/at=/);
});

test('View all tests of a connection monitor, select tests and compare them', async ({ page }) => {
  await page.goto('/monitors/cm-core');
  await page.getByRole('link', { name: 'View all tests' }).click();
  await expect(page.getByText('282 of 611 tests')).toBeVisible();
  await rowsOf(page, 'Tests').nth(0).getByRole('checkbox').check();
  await rowsOf(page, 'Tests').nth(1).getByRole('checkbox').check();
  await page.getByRole('region', { name: 'Selected tests' }).getByRole('link', { name: 'Compare' }).click();
  await expect(page.getByRole('img', { name: /^Median round-trip time\. Highest/ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Differences', exact: true }).getByRole('row')).toHaveCount(3);
  await expect(page.getByRole('region', { name: 'Settings that differ' }).first()).toContainText('Test configuration');
});

test('View topology for any tests by selecting the topology', async ({ page }) => {
  await page.goto('/?view=tests&q=dst:sql-prod-01+src:sin1');
  await rowsOf(page, 'Tests').nth(0).getByRole('checkbox').check();
  await page.getByRole('region', { name: 'Selected tests' }).getByRole('link', { name: 'Topology' }).click();
  await expect(page.getByText(/^Shows 1 selected test: 1\d hops/)).toBeVisible();
});

test('View the trends in RTT and the percentage of failed checks for a test group', async ({ page }) => {
  await page.goto('/monitors/cm-office365');
  await page.getByRole('link', { name: 'mail', exact: true }).first().click();
  await expect(page).toHaveURL(/monitors\/cm-office365\/groups\/mail/);
  await expect(page.getByRole('region', { name: 'Essentials' })).toContainText('94 tests');
  await expect(page.getByRole('img', { name: /^Checks failed\. Highest/ })).toBeVisible();
  await page.getByRole('tab', { name: 'Tests (94)' }).click();
  await expect(page.getByRole('grid', { name: 'Tests' })).toHaveAttribute('aria-rowcount', '95');
});

test('View all test groups, View sources, View destinations, View test configurations', async ({ page }) => {
  await page.goto('/monitors/cm-core');
  for (const [tab, name, heading] of [
    [/^Test groups \(/, 'directory', 'Test group'],
    [/^Sources \(/, 'nyc3-agent-05', 'Source'],
    [/^Destinations \(/, 'vpn-gw', 'Destination'],
    [/^Test configurations \(/, 'tcp-1433', 'Test configuration'],
  ] as const) {
    await page.getByRole('tab', { name: tab }).click();
    const panel = page.getByRole('tabpanel').last();
    await panel.getByRole('link', { name, exact: true }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText(`${heading} ${name}`);
    await expect(page.getByRole('region', { name: 'Essentials' })).toBeVisible();
    await page.goBack();
  }
});

test('Select a test group or test configuration to view all tests in the entity', async ({ page }) => {
  await page.goto('/monitors/cm-core/groups/directory');
  await page.getByRole('link', { name: 'View all tests' }).click();
  await expect(page.getByText('94 of 611 tests')).toBeVisible();
  await page.goto('/monitors/cm-core/configurations/tcp-1433');
  await page.getByRole('link', { name: 'View all tests' }).click();
  await expect(page.getByText('94 of 611 tests')).toBeVisible();
});

test('Select a source or destination to view all tests in the entity', async ({ page }) => {
  await page.goto('/monitors/cm-core?tab=destination');
  await page.getByRole('region', { name: 'Destinations' }).getByRole('link', { name: 'ldap' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('ldap');
  await page.getByRole('link', { name: 'View all tests' }).click();
  await expect(page.getByText('47 of 611 tests')).toBeVisible();
});

test('View the trends in RTT and the percentage of failed checks for a test, and its identified issues by selecting a hop', async ({
  page,
}) => {
  await page.goto('/?view=tests&q=dst:sql-prod-01+src:sin1-agent-00+proto:tcp');
  await rowsOf(page, 'Tests').first().getByRole('link').first().click();
  await expect(page.getByRole('img', { name: /^Round-trip time\. Median/ })).toBeVisible();
  await expect(page.getByRole('list', { name: 'Issues on the way' })).toContainText(/\(hop 7\) adds 96 of \d+ ms/);
  await page.getByRole('button', { name: /^Hop 7 .*troubled/ }).click();
  await expect(page.locator('#path-title').locator('..')).toContainText(/10\.7\.\d+\.1.*adds 96 of/);
  // Honest loss: the hop that limits its replies is named as such and not blamed.
  const limited = page
    .getByRole('region', { name: /Path 1 of 2: hops/ })
    .getByRole('row', { name: /reply rate-limited/ });
  await expect(limited).toContainText('what it forwards is not lost');
  await expect(limited).toContainText('0 %');
});

test('Create a connection monitor: sources, destinations and test configurations get broken down into 12 tests', async ({
  page,
}) => {
  await page.goto('/monitors/new');
  await page.getByRole('textbox', { name: 'Name' }).fill('tg1');
  await page.getByRole('button', { name: 'Next: Endpoints' }).click();
  for (const name of ['ams2-agent-01', 'ams2-agent-02']) {
    await page.getByRole('button', { name: 'Add an agent' }).click();
    await page.getByRole('combobox', { name: 'Agent' }).last().fill(name);
  }
  for (const address of ['d.example', 'e.example']) {
    await page.getByRole('button', { name: 'Add an address' }).click();
    await expect(page.getByText('an external address needs an address').first()).toBeVisible();
    await page.getByRole('textbox', { name: 'Address or host name' }).last().fill(address);
  }
  await page.getByRole('button', { name: 'Next: Test configurations' }).click();
  await page.getByRole('button', { name: 'Add a test configuration' }).click();
  await page.getByRole('button', { name: 'Next: Test groups' }).click();
  for (const list of ['Sources', 'Destinations', 'Test configurations']) {
    for (const box of await page
      .getByRole('group', { name: new RegExp(`^${list}`) })
      .getByRole('checkbox')
      .all()) {
      const label = await box.locator('..').innerText();
      if (list !== 'Destinations' || label.includes('destination')) await box.check();
    }
  }
  await expect(page.getByText('3 sources × 2 destinations × 2 configurations = 12 tests')).toBeVisible();
  await page.getByRole('button', { name: 'Next: Review' }).click();
  await expect(page.getByRole('region', { name: 'Monitor file' })).toContainText('address: d.example');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('tg1');
  await expect(page.getByRole('region', { name: 'Essentials' })).toContainText('12 tests');
  // And away again, while its page is shown.
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
});

test('Log queries: analyze data interactively, export it, create a shareable link', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('/logs');
  await expect(page.getByText('NWConnectionMonitorTestResult').first()).toBeVisible();
  await page.getByRole('textbox', { name: 'KQL query' }).click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText('NWConnectionMonitorTestResult | take 7');
  await page.keyboard.press('Shift+Enter');
  await expect(page.getByText('7 rows')).toBeVisible();
  await expect(page.getByRole('grid', { name: 'Rows' })).toContainText('fra1-agent-00');
  const file = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export CSV' }).click();
  expect((await file).suggestedFilename()).toBe('query.csv');
  await page.getByRole('button', { name: 'Share link' }).click();
  await expect(page.getByText('Link copied')).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await page.goto(link);
  await expect(page.getByText('7 rows')).toBeVisible();
  await expect(page).toHaveURL(/from=2026-11-20T.*at=2026-11-21T/);
});

test('Metrics: visualize specific data by the dimensions SourceName, DestinationName, TestConfiguration, TestGroup', async ({
  page,
}) => {
  await page.goto('/metrics-explorer');
  const numbers = page.getByRole('region', { name: 'In numbers' }).last();
  await expect(numbers.getByRole('row')).toHaveCount(4);
  await expect(page.getByRole('img', { name: /^Round-trip time\. Highest/ })).toBeVisible();
  // A name is taken as a filter, and split by the next dimension.
  await numbers.getByRole('button', { name: 'cm-core' }).click();
  await expect(page).toHaveURL(/monitor=cm-core.*by=testGroup|by=testGroup.*monitor=cm-core/);
  await expect(numbers.getByRole('row')).toHaveCount(3);
  await numbers.getByRole('button', { name: 'database' }).click();
  // Of 94 sources the ten that take longest are drawn, all are in the table.
  await expect(page.getByText('of 94 lines the 10 with the highest mean')).toBeVisible();
  await expect(numbers.getByRole('row')).toHaveCount(95);
  await expect(numbers.getByRole('row').nth(1)).toContainText(/(sin1|syd1|gru1|bom1|nrt2|jnb1)-agent/);
  await page.getByRole('tab', { name: 'Checks failed' }).click();
  await expect(numbers.getByRole('row').nth(1)).toContainText('%');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByLabel('A line for each').selectOption('test configuration');
  await expect(numbers.getByRole('row')).toHaveCount(4);
  await expect(numbers).toContainText('https');
  const file = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export CSV' }).click();
  const text = (await (await (await file).createReadStream()).toArray()).join('');
  expect(text.split('\r\n')[0]).toMatch(/^time,.*https \(%\)/);
});

test('Topology: healthy chains are folded, and open at a click', async ({ page }) => {
  await page.goto('/topology?dst=storage&src=fra1-agent-00');
  const capsules = page.getByRole('button', { name: /^Folded: 4 hops, .* ms, healthy$/ });
  await expect(capsules).toHaveCount(2);
  const words = await page.getByText(/^Shows all 2 tests: \d+ hops/).innerText();
  expect(await axe(page)).toEqual([]);
  await capsules.first().click();
  await expect(capsules).toHaveCount(1);
  await expect(page.getByRole('button', { name: /^(Hop|Silent hop) [3-6] / })).toHaveCount(4);
  await expect(page).toHaveURL(/fold=/);
  // The other one at once, and the number of hops is that of the ways, folded or not.
  await page.getByRole('button', { name: 'Fold healthy chains' }).click();
  await expect(capsules).toHaveCount(0);
  await expect(page.getByRole('button', { name: /^(Hop|Silent hop) [3-6] / })).toHaveCount(8);
  expect((await page.getByText(/^Shows all 2 tests/).innerText()).replace(/, .*/, '')).toBe(words.replace(/, .*/, ''));
  await page.getByRole('button', { name: 'Fold healthy chains' }).click();
  await expect(capsules).toHaveCount(2);
  // What is looked for is not hidden in a chain.
  await page.getByRole('searchbox', { name: 'Find hop' }).fill('10.100.4.');
  await expect(capsules).toHaveCount(0);
});

test('Test page: each hop tells how it did over the range', async ({ page }) => {
  await page.goto('/?view=tests&q=dst:sql-prod-01+src:sin1');
  await rowsOf(page, 'Tests').first().getByRole('link').first().click();
  const hops = page.getByRole('region', { name: /^Path 1 of 2: hops/ });
  // The seventh adds 96 ms for two hours of each eight; the others never lose nor add anything of note.
  await expect(hops.getByRole('row').nth(7)).toContainText(/no loss, adds \d\.\d+ to 96\.0 ms/);
  await expect(hops.getByRole('row').nth(1)).toContainText(/no loss, adds \d\.\d+/);
  await expect(hops.locator('canvas').first()).toBeVisible();
});
