// SPDX-License-Identifier: Apache-2.0
// Colours for KQL: a small tokenizer, enough to read by. What is valid is the server's to say.
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { tags } from '@lezer/highlight';

const WORDS = new Set(
  'and or not in has contains between by on asc desc nulls first last kind with to typeof step of'.split(' '),
);

export const kqlLanguage = StreamLanguage.define<{ afterBar: boolean }>({
  startState: () => ({ afterBar: false }),
  token(stream, state) {
    if (stream.eatSpace()) return null;
    if (stream.match('//')) {
      stream.skipToEnd();
      return 'comment';
    }
    if (stream.match(/^@?"(\\.|[^"\\])*"?|^@?'(\\.|[^'\\])*'?/)) return 'string';
    if (stream.match(/^\d+(\.\d+)?([dhms]|ms|microsecond|tick)?\b/)) return 'number';
    if (stream.eat('|')) {
      state.afterBar = true;
      return 'operator';
    }
    const word = stream.match(/^[A-Za-z_][\w-]*/) as RegExpMatchArray | null;
    if (!word) {
      stream.next();
      return 'operator';
    }
    const isOperator = state.afterBar || word[0] === 'let' || word[0] === 'union' || word[0] === 'print';
    state.afterBar = false;
    if (isOperator || WORDS.has(word[0].toLowerCase())) return 'keyword';
    return stream.match(/^\s*\(/, false) ? 'function' : 'variableName';
  },
  tokenTable: { function: tags.function(tags.variableName) },
  languageData: { commentTokens: { line: '//' } },
});

export const kqlColours = syntaxHighlighting(
  HighlightStyle.define([
    { tag: tags.keyword, color: 'var(--link)', fontWeight: '600' },
    { tag: tags.function(tags.variableName), color: 'light-dark(#7d2fc0, #c9a0ff)' },
    { tag: tags.string, color: 'light-dark(#a3220a, #ff9b86)' },
    { tag: tags.number, color: 'light-dark(#115f5d, #60cbb2)' },
    { tag: tags.comment, color: 'var(--text-quiet)', fontStyle: 'italic' },
  ]),
);
