/** The actors: each one's statechart, and the campaign at any past event. */
import { effect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { actors, campaign } from '../live.ts';
import { hrefOf, route } from '../route.ts';
import './actors.css';
import { Chart, innermost } from './chart.tsx';
import { History } from './history.tsx';
import { at, look, shownActors } from './past.ts';
import { Side } from './side.tsx';
import { System, SystemSide } from './system.tsx';

/** The name in the address of the graph of all. */
const whole = 'system';

export function ActorsView(): JSX.Element {
  useEffect(followAddress, []);
  const names = campaign.value?.actors ?? [];
  const { actor = whole } = route.value.params;
  const chosen = names.includes(actor) ? actor : whole;
  return (
    <div class={`actors-view ${at.value === null ? '' : 'then'}`}>
      <Names names={names} chosen={chosen} />
      <div class="stage">
        {chosen === whole ? <System /> : <Chart key={chosen} actor={chosen} />}
        {chosen === whole ? <SystemSide /> : <Side actor={chosen} />}
      </div>
      <History />
    </div>
  );
}

/** A link to a past event goes there. */
function followAddress(): () => void {
  let last: string | undefined;
  const stop = effect(() => {
    const { view, params } = route.value;
    if (view !== 'actors' || params.at === last) return;
    last = params.at;
    const wanted = Number(last);
    if (last === undefined) return;
    if (Number.isInteger(wanted) && wanted > 0) look(wanted);
  });
  return () => {
    stop();
    look(null);
  };
}

function Names({ names, chosen }: { readonly names: readonly string[]; readonly chosen: string }): JSX.Element {
  const past = at.value === null ? {} : { at: at.value };
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    const box = nav.current;
    const current = box?.querySelector<HTMLElement>('[aria-current]');
    if (!(box instanceof HTMLElement) || !(current instanceof HTMLElement)) return;
    const beyond = current.offsetLeft + current.offsetWidth - box.offsetLeft - box.clientWidth;
    box.scrollLeft = Math.max(0, Math.min(beyond + 40, current.offsetLeft - box.offsetLeft));
  }, [chosen, names.length]);
  return (
    <nav class="names" aria-label="Actors" ref={nav}>
      {[whole, ...names].map((name) => (
        <a
          key={name}
          href={hrefOf('actors', { actor: name, ...past })}
          aria-current={name === chosen ? 'true' : undefined}
        >
          <span>{name}</span>
          <small class="quiet">{name === whole ? 'all of them' : stateOf(name)}</small>
        </a>
      ))}
    </nav>
  );
}

function stateOf(name: string): string {
  const shown = shownActors.value.find(({ actor }) => actor === name);
  if (shown === undefined) return 'not known yet';
  const waiting = at.value === null ? (actors.value.find(({ actor }) => actor === name)?.mailbox ?? 0) : 0;
  const state = innermost(shown.active).join(', ') || 'not begun';
  return waiting > 0 ? `${state} · ${waiting} to take` : state;
}
