const powers = Float64Array.from({ length: 23 }, (_, power) => 10 ** power);

/** As many as 32 bits hold, and few enough that a ranking of 256 stays small in a log. */
const usualDigits = 7;
const mostDigits = 16;
/** The values' spread has at least this many of them. */
const digitsOfSpread = 6;

/**
 * How many significant digits scores and predictions have beside these training values: 7, and more where the values differ in
 * later digits than the first few, as total energies may: candidates would all be equal otherwise, and be chosen by their numbers.
 */
export function digitsFor(values: Float64Array): number {
  let [lowest, highest] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  const spread = highest - lowest;
  if (!(spread > 0)) return usualDigits;
  const shared = Math.floor(Math.log10(Math.max(Math.abs(lowest), Math.abs(highest)) / spread));
  return Math.min(mostDigits, Math.max(usualDigits, shared + digitsOfSpread));
}

/** A number to so many significant digits, 7 if nothing is said. About 20 ns. */
export function significant(value: number, digits = usualDigits): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const power = digits - 1 - Math.floor(Math.log10(Math.abs(value)));
  const factor = powers[Math.abs(power)];
  // What is tiny or huge goes the slow way, which is exact there too.
  if (factor === undefined) return Number(value.toPrecision(digits));
  return power < 0 ? Math.round(value / factor) * factor : Math.round(value * factor) / factor;
}
