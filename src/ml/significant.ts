const powers = Float64Array.from({ length: 23 }, (_, power) => 10 ** power);

/**
 * A number to 7 significant digits: as many as 32 bits hold, and few enough that a ranking of 256 stays small in a log. About 20 ns.
 */
export function significant(value: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const power = 6 - Math.floor(Math.log10(Math.abs(value)));
  const factor = powers[Math.abs(power)];
  // What is tiny or huge goes the slow way, which is exact there too.
  if (factor === undefined) return Number(value.toPrecision(7));
  return power < 0 ? Math.round(value / factor) * factor : Math.round(value * factor) / factor;
}
