/** A statechart from its machine's definition: active states filled, the last transition lit, counts and times beside them. */
import { signal, useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { getText, withQuery } from '../api.ts';
import { connection } from '../live.ts';
import { PanZoom } from './pan-zoom.tsx';
import { shownActors, type ActorShown } from './past.ts';
import { mark, pictureOf, write, type Picture } from './picture.ts';
import { timeIn } from './times.ts';

/** Charts do not change while the page is open. */
const pictures = signal<ReadonlyMap<string, Picture | string>>(new Map());
const asked = new Set<string>();

/** The picture at an address, or why there is none; null while it is on its way. */
export function usePicture(path: string): Picture | string | null {
  const isThere = connection.value.state === 'there';
  useEffect(() => {
    const known = pictures.peek().get(path);
    if (asked.has(path) || (known !== undefined && typeof known !== 'string')) return;
    asked.add(path);
    void pictureAt(path).then((answer) => {
      asked.delete(path);
      pictures.value = new Map([...pictures.peek(), [path, answer]]);
    });
  }, [path, isThere]);
  return pictures.value.get(path) ?? null;
}

async function pictureAt(path: string): Promise<Picture | string> {
  try {
    return pictureOf(await getText(path));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export function Chart({ actor }: { readonly actor: string }): JSX.Element {
  const picture = usePicture(withQuery('/api/chart', { actor }));
  const shown = useComputed(() => shownActors.value.find((one) => one.actor === actor) ?? null);
  const now = shown.value;
  const [lit, setLit] = useState(0);
  useEffect(() => {
    if (picture === null || typeof picture === 'string') return;
    light(picture, now);
    setLit(now?.last?.sequence ?? 0);
  }, [picture, now]);
  if (picture === null) return <p class="empty chart-place">Drawing the statechart of {actor}.</p>;
  if (typeof picture === 'string') return <p class="empty chart-place">{picture}</p>;
  return (
    <div class="chart" data-last={lit}>
      <PanZoom picture={picture} label={labelOf(actor, now)} />
    </div>
  );
}

const labelOf = (actor: string, now: ActorShown | null): string =>
  `Statechart of ${actor}, ${now === null || now.active.length === 0 ? 'not begun' : `in ${innermost(now.active).join(' and ')}`}`;

/** Active states that have no active one inside. */
export const innermost = (active: readonly string[]): string[] =>
  active.filter((path) => !active.some((other) => other.startsWith(`${path}.`)));

/** Sequence of the transition that a picture shows, so that only a new one is lit for a moment. */
const litAt = new WeakMap<Picture, number>();

function light(picture: Picture, actor: ActorShown | null): void {
  const active = new Set(actor?.active);
  const last = new Set(actor?.last?.arrows);
  mark(picture.states, 'active', (path) => active.has(path));
  mark(picture.arrows, 'taken', (id) => (actor?.arrows[id] ?? 0) > 0);
  mark(picture.arrows, 'last', (id) => last.has(id));
  const sequence = actor?.last?.sequence ?? 0;
  const before = litAt.get(picture);
  litAt.set(picture, sequence);
  if (before !== undefined && before !== sequence) flash(picture, last);
  write(picture.counts, (of) => {
    const state = actor?.states[of];
    if (state !== undefined) return state.entered === 0 ? '' : `${short(state.entered)} · ${timeIn(state.ms)}`;
    const times = actor?.arrows[of] ?? 0;
    return times === 0 ? '' : short(times);
  });
}

/** Lit for a moment: an animation that begins anew. */
function flash(picture: Picture, arrows: ReadonlySet<string>): void {
  for (const id of arrows) {
    for (const element of picture.arrows.get(id) ?? []) {
      element.classList.remove('fresh');
      // Asking for its size makes the browser see that the class was away.
      element.getBoundingClientRect();
      element.classList.add('fresh');
    }
  }
}

/** A count in six characters. */
const short = (value: number): string =>
  value < 100_000 ? value.toLocaleString('en-GB') : `${(value / 1_000).toFixed(0)}k`;
