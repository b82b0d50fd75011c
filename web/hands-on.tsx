/** Hands on: the control that matters now, the list of everything that may be asked, and what came of what was asked last. */
import { computed, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { SteerAnswer, SteerRequest } from '../src/dashboard/api.ts';
import { ApiError, steer } from './api.ts';
import { Dialog } from './dialog.tsx';
import { campaign, connection, link, overview } from './live.ts';
import { WishForm } from './wish-form.tsx';
import { blank, mainWish, wishes, type Action, type Filled } from './wishes.ts';

/** What is open: the list, or the form of an action with what is filled in already. */
const open = signal<'list' | { readonly action: Action; readonly filled: Filled } | null>(null);
const answered = signal<{
  readonly told: string;
  readonly undo: SteerRequest | null;
  readonly isRefusal: boolean;
} | null>(null);

/** Whether this link may steer, and the campaign can still be steered. */
const isSteerable = computed(
  () => campaign.value?.role === 'steer' && overview.value !== null && overview.value.state !== 'ended',
);
/** The same, and whether anybody would hear it now. */
export const maySteer = computed(
  () => isSteerable.value && connection.value.state === 'there' && link.value?.state !== 'lost',
);

/** Opens the form of an action. */
export function ask(action: Action, filled: Partial<Filled> = {}): void {
  open.value = { action, filled: { ...blank, ...filled } };
}

/** Why there are no controls, where there are none. */
export function WhyNot(): JSX.Element {
  return <span class="small quiet">{whyNot()}</span>;
}

function whyNot(): string {
  if (campaign.value?.role === 'watch') return 'This link may watch, not steer.';
  if (overview.value?.state === 'ended') return 'The campaign has ended: nothing can be steered any more.';
  return 'Not connected: nothing can be asked of the campaign now.';
}

/** For the header: its place is kept when nobody would hear. */
export function MainControl(): JSX.Element | null {
  const now = overview.value;
  if (now === null) return null;
  if (!isSteerable.value) return campaign.value?.role === 'watch' ? <WhyNot /> : null;
  const main = mainWish(now);
  return (
    <>
      {main !== null && (
        <button class="main" disabled={!maySteer.value} onClick={() => ask(main)}>
          {wishes[main].verb}
        </button>
      )}
      <button disabled={!maySteer.value} onClick={() => (open.value = 'list')}>
        Steer…
      </button>
    </>
  );
}

/** The dialogs, and the line that says what came of it: once in the page. */
export function HandsOn(): JSX.Element {
  const shown = open.value;
  const close = (): void => void (open.value = null);
  return (
    <>
      {shown === 'list' && <WishList onClose={close} />}
      {shown !== null && shown !== 'list' && (
        <Dialog key={shown.action} title={wishes[shown.action].name} onClose={close}>
          <WishForm
            action={shown.action}
            filled={shown.filled}
            onClose={close}
            onAnswer={(answer) => {
              close();
              tell(answer);
            }}
          />
        </Dialog>
      )}
      <div role="status" aria-live="polite">
        <AnswerLine />
      </div>
    </>
  );
}

function WishList({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const state = overview.value?.state ?? 'created';
  const { pinned = [], vetoed = [] } = overview.value ?? {};
  const possible = (Object.keys(wishes) as Action[]).filter(
    (action) =>
      wishes[action].when.includes(state) &&
      (action !== 'unpin' || pinned.length > 0) &&
      (action !== 'allow' || vetoed.length > 0),
  );
  return (
    <Dialog title="Steer" onClose={onClose}>
      <p class="quiet">Each is an event in the log, with who asked and why.</p>
      <ul class="wishes">
        {possible.map((action) => (
          <li key={action}>
            <button onClick={() => ask(action)}>{wishes[action].name}</button>
            <span class="small quiet">{wishes[action].means}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function tell({ told, undo }: SteerAnswer): void {
  answered.value = { told, undo, isRefusal: false };
}

/** So long an answer stands over the view, unless somebody is in it; a refusal stays until it is dismissed. */
const answerMs = 30_000;

function AnswerLine(): JSX.Element | null {
  const answer = answered.value;
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (answer === null || answer.isRefusal) return undefined;
    const timer = setInterval(() => {
      if (line.current?.matches(':hover, :focus-within') !== true) answered.value = null;
    }, answerMs);
    return () => clearInterval(timer);
  }, [answer]);
  if (answer === null) return null;
  const { told, undo, isRefusal } = answer;
  return (
    <div ref={line} class={`answered${isRefusal ? ' refused' : ''}`}>
      <span class="told">{told}</span>
      {undo !== null && <button onClick={() => void takeBack(undo)}>Undo</button>}
      <button class="plain" aria-label="Dismiss" onClick={() => (answered.value = null)}>
        ✕
      </button>
    </div>
  );
}

async function takeBack(undo: SteerRequest): Promise<void> {
  try {
    tell({ ...(await steer({ ...undo, reason: 'undone by hand' })), undo: null });
  } catch (error) {
    // What was refused is refused again; what was not heard may be tried again.
    const mayBeTried = error instanceof ApiError && (error.status === 0 || error.status >= 500);
    const told = error instanceof Error ? error.message : String(error);
    answered.value = { told, undo: mayBeTried ? undo : null, isRefusal: true };
  }
}
