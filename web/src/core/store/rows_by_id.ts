// SPDX-License-Identifier: Apache-2.0
// Finds the row of a test id. A table of numbers: a Map of 100,000 big integers takes ten times the memory, and
// making one of each id of a frame takes longer than all else that is done with it.

const EMPTY = -1;

export class RowsById {
  /** Low and high half of each row's id. */
  private readonly halves: Uint32Array;
  /** Rows by hash, each at the first free place from its own on. */
  private readonly table: Int32Array;

  constructor(ids: BigUint64Array) {
    this.halves = new Uint32Array(ids.buffer, ids.byteOffset, ids.length * 2);
    let size = 16;
    while (size < ids.length * 2) size *= 2;
    this.table = new Int32Array(size).fill(EMPTY);
    for (let row = 0; row < ids.length; row++) {
      const place = this.place(this.halves[2 * row]!, this.halves[2 * row + 1]!);
      this.table[place] = row;
    }
  }

  /** Where the id is, or would be. */
  private place(low: number, high: number): number {
    const last = this.table.length - 1;
    let place = (low ^ Math.imul(high, 0x9e3779b1)) & last;
    for (;;) {
      const row = this.table[place]!;
      if (row === EMPTY || (this.halves[2 * row] === low && this.halves[2 * row + 1] === high)) return place;
      place = (place + 1) & last;
    }
  }

  /** The row of an id of up to 16 hexadecimal digits; null if there is none. */
  find(hex: string): number | null {
    if (!/^[0-9a-fA-F]{1,16}$/.test(hex)) return null;
    const low = parseInt(hex.slice(-8), 16);
    const high = hex.length > 8 ? parseInt(hex.slice(0, -8), 16) : 0;
    const row = this.table[this.place(low, high)]!;
    return row === EMPTY ? null : row;
  }
}
