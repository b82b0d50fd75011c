/** How wide words will be, without a browser: an upper bound for the fonts that pages use, so that nothing runs over a line. */

/** Widths of characters in a sans serif, in em, as wide as the widest of the usual system fonts has them. */
function wordEm(character: string): number {
  if ("iljI.,:;'|!".includes(character)) return 0.34;
  if ('frt()[]/- '.includes(character)) return 0.44;
  if ('mwMW@%'.includes(character)) return 1.02;
  if (character > '\u00ff') return 1.1;
  return /[A-Z]/.test(character) ? 0.78 : 0.68;
}

/** The width of words in the sans, px. */
export function wordsWidth(text: string, size: number): number {
  let em = 0;
  for (const character of text) em += wordEm(character);
  return em * size;
}

/** The width of names in the monospace, px: every system's is 0.6 em or less, beside a rounding. */
export function codeWidth(text: string, size: number): number {
  let em = 0;
  for (const character of text) em += character > '\u00ff' ? 1.1 : 0.605;
  return em * size;
}
