// SPDX-License-Identifier: Apache-2.0
// Writes JSON values as YAML (block style, YAML 1.2). Writing only: reading is the server's.

const PLAIN = /^[A-Za-z_./][A-Za-z0-9_./ -]*$/;
const RESERVED = /^(true|false|null|yes|no|on|off|y|n|~|\.inf|\.nan)$/i;

function scalar(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value);
  const isPlain =
    PLAIN.test(value) &&
    !RESERVED.test(value) &&
    !value.endsWith(' ') &&
    !value.includes(' -') &&
    !value.startsWith('.');
  // JSON's quoting is valid in YAML.
  return isPlain ? value : JSON.stringify(value);
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || typeof value !== 'object';
}

function lines(value: unknown, indent: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => {
      if (isScalar(item)) return [`${indent}- ${scalar(item)}`];
      const inner = lines(item, `${indent}  `);
      if (inner.length === 0) return [`${indent}- ${Array.isArray(item) ? '[]' : '{}'}`];
      return [`${indent}- ${inner[0]!.slice(indent.length + 2)}`, ...inner.slice(1)];
    });
  }
  return Object.entries(value as Record<string, unknown>).flatMap(([key, item]) => {
    if (item === undefined) return [];
    if (isScalar(item)) return [`${indent}${scalar(key)}: ${scalar(item)}`];
    const isFlat = Array.isArray(item) && item.every(isScalar);
    if (isFlat)
      return [
        `${indent}${scalar(key)}: [${item.map((each) => (typeof each === 'string' ? JSON.stringify(each).replace(/^"([A-Za-z0-9_.-]*[A-Za-z_][A-Za-z0-9_.-]*)"$/, (all, word: string) => (RESERVED.test(word) || !/^[A-Za-z_]/.test(word) ? all : word)) : String(each))).join(', ')}]`,
      ];
    const inner = lines(item, `${indent}  `);
    if (inner.length === 0) return [`${indent}${scalar(key)}: ${Array.isArray(item) ? '[]' : '{}'}`];
    return [`${indent}${scalar(key)}:`, ...inner];
  });
}

export function toYaml(value: unknown): string {
  return isScalar(value) ? `${scalar(value)}\n` : lines(value, '').join('\n') + '\n';
}
