/** HTML as text that cannot be broken out of: whatever is put into a template is escaped, unless it is HTML itself. */
import { printable } from '../protocol/printable.ts';

/** Text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | null | readonly Part[];

/** HTML from a template: parts that are text are escaped and control characters in them spelt out; null is nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, i) => `${text}${textOf(parts[i - 1] ?? null)}${string}`));
}

function textOf(part: Part): string {
  if (part === null) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'string') return escaped(printable(part));
  if (typeof part === 'number') return String(part);
  return part.map(textOf).join('');
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (found) => escapes[found] ?? found);
