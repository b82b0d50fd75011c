/** Keys that work anywhere in the page, and the dialog that lists them. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { Dialog } from './dialog.tsx';
import { closeTask, go, route, views } from './route.ts';

const isHelpOpen = signal(false);

const keys: readonly (readonly [string, string])[] = [
  ['1 … 5', 'Overview, Actors, Timeline, Molecules, Log'],
  ['Tab, Enter', 'go to the next control; use it'],
  ['arrows', 'move in lists, charts and the timeline'],
  ['+ − 0', 'zoom in and out; everything (charts, timeline)'],
  ['Esc', 'close a dialog or a panel'],
  ['?', 'this list'],
];

/** Listens for them; keys that are typed into a field, or held with Ctrl, Alt or Meta, are not meant. */
export function listenForKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    if (document.querySelector('dialog[open]') !== null) return;
    const view = views[Number(event.key) - 1];
    if (view !== undefined) go(view);
    else if (event.key === '?') isHelpOpen.value = true;
    else if (event.key === 'Escape' && route.peek().params.task !== undefined) closeTask();
    else return;
    event.preventDefault();
  });
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;

export function KeysButton(): JSX.Element {
  return (
    <button class="plain" aria-label="Keys" title="Keys (?)" onClick={() => (isHelpOpen.value = true)}>
      ?
    </button>
  );
}

export function KeysDialog(): JSX.Element | null {
  if (!isHelpOpen.value) return null;
  return (
    <Dialog title="Keys" onClose={() => (isHelpOpen.value = false)}>
      <dl class="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
