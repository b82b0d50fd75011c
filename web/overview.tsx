import type { JSX } from 'preact';

export function OverviewView(): JSX.Element {
  return <p class="empty">In the making.</p>;
}
