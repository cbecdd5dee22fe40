// SPDX-License-Identifier: Apache-2.0
// Colours for canvases, from ui reference §8 (checked for contrast and colour blindness). The theme is read
// from the computed background, so that a browser's own colours (forced colours) are honoured.

export interface Palette {
  readonly isDark: boolean;
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly canvas: string;
  readonly sunken: string;
  readonly median: string;
  readonly smoke: string;
  readonly loss: readonly string[];
  readonly series: readonly string[];
}

export const LOSS_LIMITS = [1, 5, 20, 50] as const;
export const LOSS_LABELS = ['≤ 1 %', '≤ 5 %', '≤ 20 %', '≤ 50 %', '> 50 %'] as const;

export const LIGHT: Palette = {
  isDark: false,
  text: '#1b1d21',
  quiet: '#565b64',
  line: '#d5d9e0',
  canvas: '#ffffff',
  sunken: '#eceff4',
  median: '#034db5',
  smoke: '#3c5f80',
  loss: ['#cc8100', '#9d5808', '#801100', '#460c14', '#200820'],
  series: ['#034db5', '#bc330b', '#127e5a', '#d25494', '#af8f0f', '#1e1774', '#17181c', '#279dc4'],
};

export const DARK: Palette = {
  isDark: true,
  text: '#f3f4f6',
  quiet: '#b4b8c0',
  line: '#3d3f47',
  canvas: '#1b1a1f',
  sunken: '#2c2d34',
  median: '#449bff',
  smoke: '#9fb6cc',
  loss: ['#ac30ac', '#d12f2e', '#ef8a6c', '#ffd321', '#fafbdb'],
  series: ['#449bff', '#ed4c2c', '#3d8f6f', '#cd75a9', '#ffd440', '#6d3ef5', '#f5f5f5', '#67def7'],
};

/** A dash for each series, so that colour is never alone. */
export const DASHES: readonly (readonly number[])[] = [
  [],
  [6, 3],
  [2, 2],
  [9, 3, 2, 3],
  [4, 2],
  [12, 4],
  [1, 3],
  [6, 2, 2, 2],
];

/** Relative luminance (WCAG 2.2) of "rgb(r, g, b)" or "#rrggbb". */
export function luminance(colour: string): number {
  const hex = /^#([0-9a-f]{6})$/i.exec(colour)?.[1];
  const numbers = hex
    ? [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16))
    : (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
  const [r, g, b] = numbers.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (r ?? 1) + 0.7152 * (g ?? 1) + 0.0722 * (b ?? 1);
}

export function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

export function currentPalette(): Palette {
  const back = getComputedStyle(document.documentElement).backgroundColor;
  return luminance(back) < 0.4 ? DARK : LIGHT;
}

/** Colour of a share of loss; none below a thousandth. */
export function lossColour(palette: Palette, percent: number): string {
  const step = LOSS_LIMITS.findIndex((limit) => percent <= limit);
  return palette.loss[step < 0 ? 4 : step]!;
}
