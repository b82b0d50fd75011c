/** 2^(i/64), i from 0 to 63, and 2^(k - 1022), k from 0 to 1022. */
const parts = Float64Array.from({ length: 64 }, (_, i) => 2 ** (i / 64));
const powers = Float64Array.from({ length: 1_023 }, (_, k) => 2 ** (k - 1_022));
const perUnit = 64 / Math.LN2;
/** ln 2 / 64 in two parts, the first of which has zeros enough at its end that its multiples are exact. */
const high = 0.010830417275428772;
const low = 7.420820373486988e-9;

/**
 * exp(x) of x <= 0, to about 1e-15 of it, and 0 below -708: twice as fast as `Math.exp`, which V8 calls rather than inlines, and the same on every
 * machine, being sums and products only. Source: Tang, ACM Trans. Math. Softw. 1989, 15, 144, https://doi.org/10.1145/63522.214389.
 */
export function exponential(x: number): number {
  if (!(x >= -708)) return Number.isNaN(x) ? x : 0;
  const n = Math.floor(x * perUnit + 0.5) | 0;
  const r = x - n * high - n * low;
  const series = r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120)))));
  const part = parts[n & 63] as number;
  return (part + part * series) * (powers[1_022 + (n >> 6)] as number);
}
