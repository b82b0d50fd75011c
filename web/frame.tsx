/** The frame of every view: how the campaign is, where one can go, and whether what is shown is new. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { ActorsView } from './actors/view.tsx';
import { HandsOn, MainControl } from './hands-on.tsx';
import { KeysButton, KeysDialog } from './keys.tsx';
import { campaign, clock, connection, ended, link, overview, reading, retryNow } from './live.ts';
import { LogView } from './log/view.tsx';
import { MoleculesView } from './molecules.tsx';
import { OverviewView } from './overview.tsx';
import { hrefOf, route, views, type View } from './route.ts';
import { TaskPanel } from './task-panel.tsx';
import { nextTheme, themeChoice } from './theme.ts';
import { TimelineView } from './timeline/view.tsx';
import { count, duration, elapsed } from './words.ts';

const shown: Readonly<Record<View, () => JSX.Element>> = {
  overview: OverviewView,
  actors: ActorsView,
  timeline: TimelineView,
  molecules: MoleculesView,
  log: LogView,
};

export function Frame(): JSX.Element {
  const { view, params } = route.value;
  const { id = 'Coxswain' } = campaign.value ?? {};
  const { succeeded, total } = overview.value?.counts ?? { succeeded: 0, total: null };
  useEffect(() => {
    document.title = total === null ? id : `${count(succeeded)} of ${count(total)} · ${id}`;
  }, [id, succeeded, total]);
  const Shown = shown[view];
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the view
      </a>
      <Header />
      <Age />
      <main id="main" tabIndex={-1} class={`view ${view}`}>
        <h1 class="unseen">{nameOf(view)}</h1>
        {campaign.value === null ? <Waiting /> : <Shown />}
      </main>
      {params.task !== undefined && campaign.value !== null && <TaskPanel key={params.task} task={params.task} />}
      <HandsOn />
      <KeysDialog />
    </>
  );
}

const nameOf = (view: View): string => `${view.slice(0, 1).toUpperCase()}${view.slice(1)}`;

function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function Header(): JSX.Element {
  const now = overview.value;
  return (
    <header class="head">
      <div class="who">
        <strong class="id" title={campaign.value?.id}>
          {campaign.value?.id ?? 'Coxswain'}
        </strong>
        <span class={`state ${now?.state ?? ''}`} title={now?.reason}>
          {now?.state ?? ''}
        </span>
      </div>
      <nav aria-label="Views">
        {views.map((view, i) => (
          <a
            key={view}
            href={hrefOf(view)}
            aria-current={route.value.view === view ? 'page' : undefined}
            title={`${nameOf(view)} (${i + 1})`}
          >
            {nameOf(view)}
          </a>
        ))}
      </nav>
      <div class="how">
        <Progress />
        <MainControl />
      </div>
      <div class="tools">
        <Pulse />
        <button class="plain" onClick={nextTheme} title="Theme: as the system, light, dark" aria-label={themeLabel()}>
          {{ system: '◐', light: '○', dark: '●' }[themeChoice.value]}
        </button>
        <KeysButton />
      </div>
    </header>
  );
}

const themeLabel = (): string => `Theme: ${themeChoice.value}. Change it.`;

function Progress(): JSX.Element | null {
  const now = overview.value;
  if (now === null) return null;
  const { succeeded, total } = now.counts;
  return (
    <>
      <span class="progress">
        <span class="number">
          {count(succeeded)} of {count(total)}
        </span>
        <progress aria-label="Simulations done" max={total ?? 1} value={Math.min(succeeded, total ?? 1)} />
      </span>
      <span class="number elapsed" title="Time under way, without pauses">
        {elapsed(secondsElapsed())}
      </span>
    </>
  );
}

/** Goes on between two overviews, as long as the campaign does and the server is heard. */
function secondsElapsed(): number {
  const now = overview.value;
  if (now === null) return 0;
  const isMoving = (now.state === 'running' || now.state === 'draining') && connection.value.state === 'there';
  return now.elapsedSeconds + (isMoving ? Math.max(0, clock.value - now.at) / 1000 : 0);
}

function Pulse(): JSX.Element {
  const word = pulse();
  return (
    <span class={`pulse ${word}`} title={pulses[word]}>
      {word}
    </span>
  );
}

const pulses = {
  live: 'What is shown is what is',
  old: 'What is shown is old',
  connecting: 'The dashboard is being asked',
  recorded: 'The campaign has ended: this is its record',
} as const;

function pulse(): keyof typeof pulses {
  if (connection.value.state === 'connecting') return 'connecting';
  if (connection.value.state !== 'there' || link.value?.state === 'lost') return 'old';
  return overview.value?.state === 'ended' ? 'recorded' : 'live';
}

/** One line that says that what is shown is old, since when and why; its place is taken from the view only while there is something to say. */
function Age(): JSX.Element {
  return (
    <div role="status" aria-live="polite" class="age">
      <AgeText />
    </div>
  );
}

function AgeText(): JSX.Element | null {
  const { state, oldSince, message } = connection.value;
  if (state === 'lost' || state === 'refused') {
    const age = oldSince === null ? 'Nothing to show yet.' : `What you see is ${ageOf(oldSince)} old.`;
    return (
      <p>
        <strong>{ended.value === null ? age : `The dashboard has ended. ${age}`}</strong>{' '}
        <span class="told">{message}</span> {state === 'lost' && <button onClick={retryNow}>Try now</button>}
      </p>
    );
  }
  if (link.value?.state === 'lost') {
    return (
      <p>
        <strong>What you see is {ageOf(link.value.since)} old.</strong> The dashboard has lost the NATS server of this
        campaign and goes on as soon as it is back.
      </p>
    );
  }
  const { position = 0, end = 0 } = reading.value ?? {};
  if (position >= end) return null;
  return (
    <p>
      Reading the log: {count(position)} of {count(end)} events. What you see is as of there.
    </p>
  );
}

const ageOf = (since: number): string =>
  duration(Math.max(0, Math.round((clock.value - since) / 1000))).replace('.0', '');

function Waiting(): JSX.Element {
  return <p class="empty">{connection.value.state === 'connecting' ? 'Asking the dashboard for its campaign.' : ''}</p>;
}
