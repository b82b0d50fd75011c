/** Colours and type of every figure, in both themes: one palette, used for meaning only. */

export type Theme = 'light' | 'dark';

export interface Palette {
  readonly paper: string;
  /** Of words and axes: what is read first, what comes second, and lines that are barely there. */
  readonly ink: string;
  readonly quiet: string;
  readonly grid: string;
  readonly simulate: string;
  readonly train: string;
  readonly infer: string;
  readonly idle: string;
  /** What failed: differs from `train` in lightness, too. */
  readonly failure: string;
  /** What somebody should look at: words and marks. */
  readonly attention: string;
  /** Things that are compared, in this order: told apart by the common colour blindnesses, and by none of the colours above. */
  readonly series: readonly string[];
}

/** AA contrast of words on paper in both; the series differ in lightness as well as in hue. */
export const palettes: Readonly<Record<Theme, Palette>> = {
  light: {
    paper: '#ffffff',
    ink: '#1d2329',
    quiet: '#626b74',
    grid: '#e7eaed',
    simulate: '#0d8378',
    train: '#cf4520',
    infer: '#7250b8',
    idle: '#c3c9cf',
    failure: '#98112f',
    attention: '#8a5a00',
    series: ['#0b5fa5', '#a86200', '#8a2f73', '#4f7a1c', '#2079ae', '#5d4a3a', '#b0567a', '#3b3f8f'],
  },
  dark: {
    paper: '#14181c',
    ink: '#e8ecef',
    quiet: '#9aa4ad',
    grid: '#2a3138',
    simulate: '#38b5a7',
    train: '#f0714c',
    infer: '#a68be6',
    idle: '#4a535b',
    failure: '#ffb1b6',
    attention: '#f0b840',
    series: ['#5cabed', '#e0a03c', '#d67fbd', '#9cc763', '#a5d6f5', '#c0a890', '#efabc0', '#9a9fe8'],
  },
};

/** The system's sans for words, in three sizes, px; without quotes, which would end the attribute that it stands in. */
export const type = {
  family: 'system-ui, -apple-system, Segoe UI, Helvetica Neue, Arial, sans-serif',
  title: 15,
  text: 12,
  small: 11,
} as const;
