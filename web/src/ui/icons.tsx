// SPDX-License-Identifier: Apache-2.0
// Small drawings of our own. All are decorative: the word stands beside them or in the button's label.
const PATHS = {
  left: 'M10 3 5 8l5 5',
  right: 'M6 3l5 5-5 5',
  down: 'M3 6l5 5 5-5',
  zoomOut: 'M7 2a5 5 0 1 0 0 10A5 5 0 0 0 7 2ZM11 11l4 4M4.5 7h5',
  clock: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 4.5V8l2.5 2',
  search: 'M7 2a5 5 0 1 0 0 10A5 5 0 0 0 7 2ZM11 11l4 4',
  share:
    'M6 9.5 10.5 6M6 6.5l4.5 3.5M4 8m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0M12 5m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0M12 11m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0',
  theme: 'M8 2a6 6 0 1 0 0 12ZM8 2a6 6 0 0 1 0 12',
  help: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM6 6.2a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.2M8 11.4v.4',
  user: 'M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14c.6-3 2.8-4.5 5.5-4.5s4.9 1.5 5.5 4.5',
  menu: 'M2 4h12M2 8h12M2 12h12',
  freeze: 'M8 1v14M2 4.5l12 7M14 4.5l-12 7',
  table: 'M2 3h12v10H2ZM2 6.5h12M2 10h12M6.5 3v10',
  plus: 'M8 3v10M3 8h10',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  star: 'M8 2l1.8 3.9 4.2.5-3.1 2.9.8 4.2L8 11.4l-3.7 2.1.8-4.2L2 6.4l4.2-.5Z',
  copy: 'M5 5h8v9H5ZM3 11V2h8',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} fill={name === 'theme' ? undefined : 'none'} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="#0f5ba8" />
      <path
        d="M5 18h6l3-9 5 15 3-6h5"
        fill="none"
        stroke="#fff"
        strokeWidth="2.6"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}
