/** The actors: each one's statechart, and the campaign at any past event. */
import type { JSX } from 'preact';

export function ActorsView(): JSX.Element {
  return <p class="empty">The statecharts appear here.</p>;
}
