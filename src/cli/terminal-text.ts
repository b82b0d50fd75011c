/** Text in columns of a terminal: cut, padded and coloured by meaning. */
import { printable } from './printable.ts';

/** What a piece of text is about: a kind of work, what is quiet, what is wrong, or a heading. */
export type Tone = 'simulate' | 'train' | 'infer' | 'quiet' | 'wrong' | 'strong';

/** Puts a tone on a text; the identity where colours are not wanted. */
export type Paint = (tone: Tone | null, text: string) => string;

const codes: Readonly<Record<Tone, readonly [on: string, off: string]>> = {
  simulate: ['38;5;37', '39'],
  train: ['38;5;202', '39'],
  infer: ['38;5;98', '39'],
  quiet: ['2', '22'],
  wrong: ['38;5;160', '39'],
  strong: ['1', '22'],
};

/** @param styled whether the reader is a terminal that shows colours. */
export const painter = (styled: boolean): Paint =>
  styled
    ? (tone, text) => (tone === null ? text : `\u001b[${codes[tone][0]}m${text}\u001b[${codes[tone][1]}m`)
    : (_tone, text) => text;

const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|[\u{1f300}-\u{1faff}]/u;
const cellsOf = (letter: string): number => (/\p{M}/u.test(letter) ? 0 : wide.test(letter) ? 2 : 1);

/** Text that others may have written, made exactly so many columns wide: what is too long ends with `…`. */
export function fitted(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const letters = Array.from(printable(text));
  const width = letters.reduce((sum, letter) => sum + cellsOf(letter), 0);
  if (width <= columns) {
    const space = ' '.repeat(columns - width);
    return side === 'left' ? letters.join('') + space : space + letters.join('');
  }
  let cut = '';
  let used = 0;
  for (const letter of letters) {
    if (used + cellsOf(letter) > columns - 1) break;
    cut += letter;
    used += cellsOf(letter);
  }
  return columns < 1 ? '' : `${cut}…${' '.repeat(columns - 1 - used)}`;
}

/** A text in lines of at most so many columns, broken between words. */
export function wrappedLines(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
