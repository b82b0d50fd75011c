import type { JSX } from 'preact';

export function MainControl(): JSX.Element {
  return <span />;
}
