import type { JSX } from 'preact';

export function TaskPanel({ task }: { readonly task: string }): JSX.Element {
  return <aside class="panel">{task}</aside>;
}
