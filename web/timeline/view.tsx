/** Who computed what when: pools, slots, workers, idle time. */
import type { JSX } from 'preact';

export function TimelineView(): JSX.Element {
  return <p class="empty">The timeline appears here.</p>;
}
