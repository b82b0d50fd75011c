/** How an ensemble does on points that were left out of some members' training: told by those members alone. */
export class LeftOut {
  /** Points that some member was not given. */
  readonly points: number;
  /** Mean squared error of those members' mean. */
  readonly error: number;
  /** Of the points that two or more were not given: how many, their summed squared error, and their summed variance over those members. */
  readonly told: { readonly points: number; readonly squares: number; readonly variance: number };

  private constructor(points: number, error: number, told: LeftOut['told']) {
    this.points = points;
    this.error = error;
    this.told = told;
  }

  /** From what each member missed each point by, and how often it was given it, both [n x members]. */
  static of(missed: Float32Array, counts: Float32Array, members: number): LeftOut {
    let points = 0;
    let error = 0;
    const told = { points: 0, squares: 0, variance: 0 };
    for (let start = 0; start < missed.length; start += members) {
      let [without, sum, squares] = [0, 0, 0];
      for (let at = start; at < start + members; at++) {
        if (counts[at] !== 0) continue;
        const off = missed[at] as number;
        without++;
        sum += off;
        squares += off * off;
      }
      if (without === 0) continue;
      const mean = sum / without;
      points++;
      error += mean * mean;
      if (without === 1) continue;
      told.points++;
      told.squares += mean * mean;
      told.variance += Math.max(0, squares - without * mean * mean) / (without - 1);
    }
    return new LeftOut(points, points === 0 ? 0 : error / points, told);
  }

  /**
   * By how much the spread of members is to be multiplied so that it is as large as what they miss: members trained on one sample, a bit
   * differently, agree more than they should. Few points tell little; with none it is `usual`, which counts as much as eight.
   */
  spreadFactor(usual = 2): number {
    const { points, squares, variance } = this.told;
    const usualPoints = 8;
    const ratio = variance > 1e-12 ? Math.min(squares / variance, 100) : usual * usual;
    return Math.sqrt((usualPoints * usual * usual + points * ratio) / (usualPoints + points));
  }
}
