// SPDX-License-Identifier: Apache-2.0
// The writing side of the snapshot format (src/core/api/snapshot.ts reads it): for the mock and for tests.

const WIDTH = { u8: 1, u16: 2, u32: 4, u64: 8, f32: 4, f64: 8 };

function write(view, type, at, value) {
  switch (type) {
    case 'u8':
      return view.setUint8(at, value);
    case 'u16':
      return view.setUint16(at, value, true);
    case 'u32':
      return view.setUint32(at, value >>> 0, true);
    case 'u64':
      return view.setBigUint64(at, BigInt(value), true);
    case 'f32':
      return view.setFloat32(at, value, true);
    default:
      return view.setFloat64(at, value, true);
  }
}

/**
 * @param {{rows:number, at:string, live:boolean, revision:string}} head
 * @param {{name:string, type:string, values:(number|bigint)[], dictionary?:string[]}[]} columns
 * @returns {Uint8Array}
 */
export function encodeSnapshot(head, columns) {
  let offset = 0;
  const described = columns.map(({ name, type, dictionary }) => {
    const column = { name, type, offset, ...(dictionary ? { dictionary } : {}) };
    offset += Math.ceil((head.rows * WIDTH[type]) / 8) * 8;
    return column;
  });
  const header = new TextEncoder().encode(JSON.stringify({ ...head, columns: described }));
  const start = Math.ceil((8 + header.length) / 8) * 8;
  const bytes = new Uint8Array(start + offset);
  const view = new DataView(bytes.buffer);
  bytes.set([0x4c, 0x57, 0x53, 0x31]);
  view.setUint32(4, header.length, true);
  bytes.set(header, 8);
  columns.forEach(({ type, values }, i) => {
    for (let row = 0; row < head.rows; row++)
      write(view, type, start + described[i].offset + row * WIDTH[type], values[row]);
  });
  return bytes;
}

/** Words to a dictionary column; null is missing. */
export function wordColumn(name, words, type = 'u32') {
  const codes = new Map();
  const values = words.map((word) => {
    if (word === null) return 0xffffffff;
    if (!codes.has(word)) codes.set(word, codes.size);
    return codes.get(word);
  });
  return { name, type, values, dictionary: [...codes.keys()] };
}
