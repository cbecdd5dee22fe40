// SPDX-License-Identifier: Apache-2.0
// Alerts, alert rules and action groups of the mock.
import { alertsAt, alertsWithin, deliver, faultsOf, keyOf, monitorOf, ruleSentence, testsOf } from './alerts.mjs';
import { Refusal } from './http.mjs';

const NAMESPACE = 'Microsoft.Network/networkWatchers/connectionMonitors';
const ALERTS_MAX = 1000;

function ruleOf(severity, description, monitor, criterion, dimensions, groups = [], enabled = true) {
  return {
    location: 'global',
    properties: {
      description,
      severity,
      enabled,
      scopes: [`connectionMonitors/${monitor}`],
      evaluationFrequency: 'PT1M',
      windowSize: 'PT5M',
      autoMitigate: true,
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria',
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion',
            name: 'c1',
            metricNamespace: NAMESPACE,
            operator: 'GreaterThan',
            ...criterion,
            dimensions: dimensions.map(([name, ...values]) => ({
              name,
              operator: 'Include',
              values: values.length > 0 ? values : ['*'],
            })),
          },
        ],
      },
      actions: groups.map((actionGroupId) => ({ actionGroupId })),
    },
  };
}

/** Of the tests of mail each by itself. */
const EACH_TEST = [
  ['SourceName'],
  ['DestinationName', 'outlook.office365.com'],
  ['TestGroupName'],
  ['TestConfigurationName'],
];

/** The alert rules and action groups that the mock begins with. */
export function firstAlerts(idOf) {
  const group = idOf('actionGroups', 'on-call');
  return {
    rules: new Map([
      [
        'mail-fails',
        ruleOf(
          1,
          'Somebody cannot get at mail.',
          'cm-office365',
          { metricName: 'TestResult', timeAggregation: 'Maximum', threshold: 2 },
          EACH_TEST,
          [group],
        ),
      ],
      [
        'payments-slow',
        ruleOf(
          2,
          'The payment provider is slow.',
          'cm-payments',
          { metricName: 'RoundTripTimeMs', timeAggregation: 'Maximum', threshold: 400 },
          [['DestinationName'], ['TestConfigurationName']],
          [group],
        ),
      ],
      [
        'core-loss',
        ruleOf(
          3,
          '',
          'cm-core',
          { metricName: 'ChecksFailedPercent', timeAggregation: 'Average', threshold: 90 },
          [['DestinationName']],
          [],
          false,
        ),
      ],
    ]),
    groups: new Map([
      [
        'on-call',
        {
          location: 'Global',
          properties: {
            groupShortName: 'on-call',
            enabled: true,
            webhookReceivers: [
              { name: 'chat', serviceUri: 'https://chat.example/hook', useCommonAlertSchema: true },
              { name: 'pager', serviceUri: 'https://down.example/pager', useCommonAlertSchema: true },
            ],
          },
        },
      ],
    ]),
  };
}

export function alertRoutes(mock, { span, number }) {
  const { rules, groups } = mock.alerting;
  const iso = (ms) => new Date(ms).toISOString();
  const find = (map, name, what) => {
    const key = [...map.keys()].find((each) => each.toLowerCase() === name.toLowerCase());
    if (key === undefined) throw new Refusal(404, 'NotFound', `There is no ${what} ${name}.`);
    return key;
  };
  const etagOf = (document) => `"${JSON.stringify(document).length}"`;
  /** If-Match and If-None-Match, as for all resources. */
  const heed = (request, document) => {
    const [match, none] = [request.headers['if-match'], request.headers['if-none-match']];
    if (none === '*' && document) throw new Refusal(412, 'PreconditionFailed', 'There is one of this name already.');
    if (match && (!document || match !== etagOf(document)))
      throw new Refusal(412, 'PreconditionFailed', 'It was changed by somebody else since you read it: read it again.');
  };
  const resource = (name) => ({ name, id: mock.alertId('metricAlerts', name), document: rules.get(name) });
  const firingOf = (name, t) =>
    rules.get(name).properties.enabled
      ? alertsAt(resource(name), mock.tests, t).filter((each) => !mock.resolvedByHand.has(keyOf(name, each)))
      : [];
  const ruleView = (name) => {
    const document = rules.get(name);
    const { properties } = document;
    const monitors = properties.scopes.map(monitorOf);
    return {
      ...resource(name),
      etag: etagOf(document),
      severity: properties.severity,
      enabled: properties.enabled,
      sentence: ruleSentence(properties),
      monitors: monitors.includes(undefined) ? mock.documents.map((each) => each.name) : monitors,
      testCount: testsOf(properties, mock.tests).length,
      lastEvaluated: properties.enabled ? iso(Math.floor(mock.now() / 60_000) * 60_000 - 60_000) : null,
      problem: '',
      firing: firingOf(name, mock.now()).length,
      notServed: [],
      created: iso(mock.now() - 9e8),
      updated: iso(mock.now() - 9e7),
    };
  };
  const groupView = (name) => {
    const document = groups.get(name);
    const id = mock.alertId('actionGroups', name);
    return {
      name,
      id,
      etag: etagOf(document),
      shortName: document.properties.groupShortName,
      enabled: document.properties.enabled,
      webhooks: (document.properties.webhookReceivers ?? []).map((each) => {
        const { delivered, outcome } = deliver(each);
        return {
          name: each.name,
          uri: each.serviceUri,
          problem: delivered ? '' : outcome,
          restsUntil: delivered ? null : iso(mock.now() + 600_000),
          lastDelivered: delivered ? iso(mock.now() - 1_800_000) : null,
        };
      }),
      notServed: [],
      waiting: 0,
      usedBy: [...rules.keys()].filter((rule) =>
        rules.get(rule).properties.actions?.some((each) => each.actionGroupId === id),
      ),
      created: iso(mock.now() - 9e8),
      updated: iso(mock.now() - 9e7),
      document,
    };
  };
  const namesOf = (query) => [...rules.keys()].filter((name) => !query.get('rule') || query.get('rule') === name);
  const list = (query) => {
    const state = query.get('state') ?? 'firing';
    const isPlain = !query.get('from') && !query.get('to');
    const { from, to } = span(query);
    const at = Date.parse(query.get('at') ?? '') || mock.now();
    const found = namesOf(query).flatMap((name) =>
      state === 'firing' && isPlain
        ? firingOf(name, at)
        : rules.get(name).properties.enabled
          ? alertsWithin(resource(name), mock.tests, from, Math.min(to, mock.now())).alerts
          : [],
    );
    const wanted = query.get('connectionMonitor');
    return found
      .filter((each) => !wanted || each.monitors.includes(wanted))
      .filter((each) => state === 'all' || (each.state === 'Fired') === (state === 'firing'))
      .sort((a, b) => (a.fired < b.fired ? 1 : -1));
  };
  return [
    [
      'GET',
      /^\/api\/v1\/alerts$/,
      ({ query }) => {
        const value = list(query);
        return { value: value.slice(0, number(query, 'limit', ALERTS_MAX)), more: value.length > ALERTS_MAX };
      },
    ],
    [
      'POST',
      /^\/api\/v1\/alerts\/([^/]+)\/resolve$/,
      ({ parts: [id] }) => {
        const found = [...rules.keys()].flatMap((name) => firingOf(name, mock.now())).find((each) => each.id === id);
        if (!found) throw new Refusal(409, 'Conflict', 'This alert is resolved already.');
        mock.resolvedByHand.add(keyOf(found.rule.name, found));
        mock.tellAlerts();
        return { ...found, state: 'Resolved', resolved: iso(mock.now()), resolvedBy: 'Hand' };
      },
    ],
    ['GET', /^\/api\/v1\/alert-rules$/, () => ({ value: [...rules.keys()].sort().map(ruleView) })],
    [
      'POST',
      /^\/api\/v1\/alert-rules\/preview$/,
      ({ body }) => {
        const { properties } = body;
        const faults = faultsOf(properties);
        const [from, to] = [Date.parse(body.from), Math.min(Date.parse(body.to), mock.now())];
        const empty = {
          sentence: '',
          monitors: [],
          testCount: 0,
          evaluations: 0,
          combinations: 0,
          fired: 0,
          alerts: [],
        };
        const base = { faults, warnings: [], from: iso(from), to: iso(to), ...empty, more: false };
        if (faults.length) return base;
        const rule = { name: 'preview', id: '', document: { properties } };
        const { alerts, combinations } = alertsWithin(rule, mock.tests, from, to);
        const monitors = properties.scopes.map(monitorOf);
        return {
          ...base,
          sentence: ruleSentence(properties),
          monitors: monitors.includes(undefined) ? mock.documents.map((each) => each.name) : monitors,
          testCount: testsOf(properties, mock.tests).length,
          evaluations: Math.round((to - from) / 60_000),
          combinations,
          fired: alerts.length,
          alerts: alerts.slice(0, ALERTS_MAX),
          more: alerts.length > ALERTS_MAX,
        };
      },
    ],
    ['GET', /^\/api\/v1\/alert-rules\/([^/]+)$/, ({ parts }) => ruleView(find(rules, parts[0], 'alert rule'))],
    [
      'PUT',
      /^\/api\/v1\/alert-rules\/([^/]+)$/,
      ({ parts: [name], body, request }) => {
        heed(request, rules.get(name));
        const faults = faultsOf(body?.properties ?? {});
        if (faults.length)
          throw new Refusal(
            400,
            'InvalidInput',
            faults[0].message,
            faults.map((fault) => ({ ...fault, text: fault.message })),
          );
        rules.set(name, body);
        mock.tellAlerts();
        return ruleView(name);
      },
    ],
    [
      'DELETE',
      /^\/api\/v1\/alert-rules\/([^/]+)$/,
      ({ parts }) => {
        rules.delete(find(rules, parts[0], 'alert rule'));
        mock.tellAlerts();
      },
    ],
    ['GET', /^\/api\/v1\/action-groups$/, () => ({ value: [...groups.keys()].sort().map(groupView) })],
    [
      'PUT',
      /^\/api\/v1\/action-groups\/([^/]+)$/,
      ({ parts: [name], body, request }) => {
        heed(request, groups.get(name));
        const bad = (body.properties.webhookReceivers ?? []).find((each) => !/^https?:\/\//.test(each.serviceUri));
        if (bad) throw new Refusal(400, 'InvalidInput', `\`${bad.serviceUri}\` is no URL: it begins with https://`);
        groups.set(name, body);
        return groupView(name);
      },
    ],
    [
      'DELETE',
      /^\/api\/v1\/action-groups\/([^/]+)$/,
      ({ parts }) => void groups.delete(find(groups, parts[0], 'action group')),
    ],
    [
      'POST',
      /^\/api\/v1\/action-groups\/([^/]+)\/test$/,
      ({ parts }) => ({
        value: groups.get(find(groups, parts[0], 'action group')).properties.webhookReceivers.map(deliver),
      }),
    ],
  ];
}
