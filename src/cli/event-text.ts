/** One line for each event of a campaign's log: when, who, what, and its few telling fields. */
import type { StoredFact } from '../protocol/fact.ts';
import { eventText } from '../story/event-text.ts';
import { printable } from './printable.ts';

/**
 * A whole line.
 * @param styled whether the reader is a terminal that shows colours.
 */
export function eventLine(fact: StoredFact, styled: boolean): string {
  const dim = (text: string): string => (styled ? `\u001b[2m${text}\u001b[22m` : text);
  const bright = (text: string): string => (styled ? `\u001b[36m${text}\u001b[39m` : text);
  const { storedAt, source, event } = fact;
  const who = printable(source).padEnd(16);
  const what = printable(event.type).padEnd(22);
  return `${dim(new Date(storedAt).toISOString())}  ${bright(who)}  ${what}  ${eventText(fact)}`.trimEnd();
}
