/** The campaign's log, event by event. */
import type { JSX } from 'preact';

export function LogView(): JSX.Element {
  return <p class="empty">The events appear here.</p>;
}
