// SPDX-License-Identifier: Apache-2.0
// Sorts rows by numbers, digit by digit (radix sort, a byte at a time, least first): the time grows with the
// rows and not faster, equal rows keep their order, and 100,000 rows take some milliseconds, which a sort that
// compares does not.

import type { NumberColumn } from '../api/snapshot.ts';

const DIGITS = 1 << 8;
const SIGN = 0x8000_0000;

/** The bits of each row's number, turned so that they sort as the numbers do; missing ones (NaN) last. */
function keysOf(values: NumberColumn, rows: Uint32Array, isDescending: boolean): Uint32Array {
  const keys = new Uint32Array(rows.length * 2);
  const numbers = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) numbers[i] = values[rows[i]!]! + 0; // + 0: there is no -0 then
  const bits = new Uint32Array(numbers.buffer);
  for (let i = 0; i < rows.length; i++) {
    let low = bits[2 * i]!;
    let high = bits[2 * i + 1]!;
    if (numbers[i] !== numbers[i]) {
      keys[2 * i] = keys[2 * i + 1] = 0xffff_ffff;
      continue;
    }
    // IEEE 754: numbers sort by their bits, negative ones the other way round.
    const isTurned = (high & SIGN) !== 0;
    if (isTurned) {
      low = ~low;
      high = ~high;
    } else high |= SIGN;
    keys[2 * i] = isDescending ? ~low : low;
    keys[2 * i + 1] = isDescending ? ~high : high;
  }
  return keys;
}

/** Sorts `rows` in place by `values[row]`. Stable. */
export function radixSort(values: NumberColumn, rows: Uint32Array, isDescending: boolean): void {
  const keys = keysOf(values, rows, isDescending);
  let order = Uint32Array.from(rows, (_, i) => i);
  let next = new Uint32Array(rows.length);
  for (let byte = 0; byte < 8; byte++) {
    const half = byte >> 2;
    const shift = (byte & 3) * 8;
    const starts = new Uint32Array(DIGITS);
    for (let i = 0; i < rows.length; i++) starts[(keys[2 * i + half]! >>> shift) & 0xff]!++;
    if (starts[(keys[half]! >>> shift) & 0xff] === rows.length) continue; // all alike
    let sum = 0;
    for (let value = 0; value < DIGITS; value++) {
      const count = starts[value]!;
      starts[value] = sum;
      sum += count;
    }
    for (let i = 0; i < rows.length; i++) {
      const at = order[i]!;
      next[starts[(keys[2 * at + half]! >>> shift) & 0xff]!++] = at;
    }
    [order, next] = [next, order];
  }
  const sorted = Uint32Array.from(order, (at) => rows[at]!);
  rows.set(sorted);
}
