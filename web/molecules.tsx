import type { JSX } from 'preact';

export function MoleculesView(): JSX.Element {
  return <p class="empty">In the making.</p>;
}
