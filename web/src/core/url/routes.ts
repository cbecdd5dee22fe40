// SPDX-License-Identifier: Apache-2.0
// Which page a path is: patterns like "/monitors/$name/groups/$group", where $ takes one segment.

export interface Match {
  readonly pattern: string;
  readonly params: Readonly<Record<string, string>>;
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/** Null for what is no UTF-8 in percent-encoding. */
function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

function paramsOf(pattern: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (pattern.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of pattern.entries()) {
    const text = decoded(segments[i]!);
    if (text === null) return null;
    if (part.startsWith('$')) params[part.slice(1)] = text;
    else if (part !== text) return null;
  }
  return params;
}

/** The first of the patterns that fits: what is literal stands before what takes anything. */
export function matchPath(patterns: readonly string[], path: string): Match | null {
  const segments = segmentsOf(path);
  for (const pattern of patterns) {
    const params = paramsOf(segmentsOf(pattern), segments);
    if (params) return { pattern, params };
  }
  return null;
}

/** "/monitors/$name" and {name: "a b"} to "/monitors/a%20b". */
export function pathOf(pattern: string, params: Readonly<Record<string, string>> | undefined): string {
  return pattern.replace(/\$(\w+)/g, (_, key: string) => encodeURIComponent(params?.[key] ?? ''));
}
