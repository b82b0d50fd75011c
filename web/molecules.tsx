/** Molecules: the best, the newest, all of them; and the figures of what was found and how well the model knew. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { calibrationFigure } from '../src/figures/calibration.ts';
import { discoveryFigure } from '../src/figures/discovery.ts';
import { errorFigure } from '../src/figures/model-error.ts';
import { objectiveFigure } from '../src/figures/objective.ts';
import { stalenessFigure } from '../src/figures/staleness.ts';
import type { TaskPage } from '../src/dashboard/api.ts';
import type { Science } from '../src/story/views.ts';
import { useAnswer } from './answer.ts';
import { withQuery } from './api.ts';
import { FigureView } from './figure.tsx';
import { Held } from './held.tsx';
import { counted } from './health.ts';
import { campaign, overview } from './live.ts';
import { Molecule } from './molecule.tsx';
import { go, openTask, route } from './route.ts';
import { runsOf, useScience } from './science.ts';
import { inUnit } from './words.ts';

const page = 24;

export function MoleculesView(): JSX.Element {
  return (
    <div class="two">
      <MoleculeList />
      <Figures />
    </div>
  );
}

/** What the list shows: in the address, so that Back and a copied link show the same. */
const asked = (): { sort: string; state: string; text: string } => {
  const { sort = 'value', state = '', text = '' } = route.value.params;
  return { sort, state, text };
};

const set = (change: Readonly<Record<string, string>>): void => {
  const params = Object.entries({ ...route.peek().params, ...change }).filter(([, value]) => value !== '');
  go('molecules', Object.fromEntries(params));
};

function MoleculeList(): JSX.Element {
  const { sort, state, text } = asked();
  const [limit, setLimit] = useState(page);
  useEffect(() => setLimit(page), [sort, state, text]);
  const topic = campaign.value?.objective.topic ?? '';
  const { counts } = overview.value ?? {};
  const version = counts === undefined ? 0 : counts.succeeded + counts.failed + counts.running + counts.queued;
  const path = withQuery('/api/tasks', { sort, state, text, topic, offset: 0, limit });
  const { data, error } = useAnswer<TaskPage>(path, version);
  return (
    <Held
      className="list"
      title={sort === 'value' ? 'Best molecules' : 'Recent molecules'}
      value={{ data, path }}
      extra={<span class="small quiet">{data === null ? '' : counted(data.total, 'molecule')}</span>}
    >
      {(held) => {
        // A list that was asked for differently is shown at once, wherever the pointer is.
        const shown = held.path === path && held.data !== null ? held.data : data;
        return (
          <>
            <Filters />
            {shown === null || shown.rows.length === 0 ? (
              <p class="empty reserved">{error ?? emptyWords(state, text)}</p>
            ) : (
              <ul class="drawn">
                {shown.rows.map((row) => (
                  <li key={row.task}>
                    <Molecule row={row} />
                  </li>
                ))}
              </ul>
            )}
            {shown !== null && shown.total > shown.rows.length && (
              <button onClick={() => setLimit(limit + page)}>Show {page} more</button>
            )}
          </>
        );
      }}
    </Held>
  );
}

const emptyWords = (state: string, text: string): string =>
  state === '' && text === ''
    ? 'Molecules appear here as soon as the first is chosen.'
    : 'None fits: choose another state, or look for something else.';

function Filters(): JSX.Element {
  const { sort, state, text } = asked();
  const [typed, setTyped] = useState(text);
  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => set({ text: typed }), 250);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <form class="list-filters" onSubmit={(event) => event.preventDefault()} role="search">
      <label>
        Sort by
        <select value={sort} onInput={({ currentTarget }) => set({ sort: currentTarget.value })}>
          <option value="value">{campaign.value?.objective.label ?? 'value'}, best first</option>
          <option value="recent">newest first</option>
        </select>
      </label>
      <label>
        State
        <select value={state} onInput={({ currentTarget }) => set({ state: currentTarget.value })}>
          <option value="">all</option>
          {['queued', 'running', 'succeeded', 'failed', 'withdrawn'].map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <label>
        Contains
        <input
          type="search"
          class="id"
          placeholder="SMILES or task"
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
      </label>
    </form>
  );
}

function Figures(): JSX.Element {
  const { data, error } = useScience();
  if (data === null || data.results.at.length === 0) {
    return (
      <section class="figures" aria-label="Figures">
        <p class="empty">
          {error ?? 'With the first result: its value against time, the discovery curve, and how well the model knows.'}
        </p>
      </section>
    );
  }
  return (
    <section class="figures" aria-label="Figures">
      <InTime science={data} />
      <FigureView
        label={`Discovery curve: ${counted(data.found.at(-1) ?? 0, 'find')} in ${counted(data.results.at.length, 'simulation')}`}
        height={340}
        data={data}
        draw={(theme, size) => discoveryFigure({ ...runsOf(data), by: 'evaluations' }, theme, size)}
      />
      <Knowing science={data} />
    </section>
  );
}

function InTime({ science }: { readonly science: Science }): JSX.Element {
  const objective = campaign.value?.objective;
  const { results } = science;
  return (
    <FigureView
      label={`${objective?.label ?? 'value'} of each molecule against time: the list has the same values`}
      height={360}
      data={science}
      draw={(theme, size) => objectiveFigure(runsOf(science), theme, size)}
      points={{
        wordsFor: (i) =>
          `${results.label[i] ?? ''}  ${objective === undefined ? '' : inUnit(results.value[i] ?? null, objective)}  click for its story`,
        onPick: (i) => openTask(results.task[i] ?? ''),
      }}
    />
  );
}

const staleness = [
  { unit: 'results', label: 'Staleness: results that were not known to the ranking when each molecule was chosen' },
  { unit: 'seconds', label: 'Staleness: age of the ranking when each molecule was chosen, in seconds' },
] as const;

function Knowing({ science }: { readonly science: Science }): JSX.Element {
  const { calibration, updates, results } = science;
  if (updates.length === 0) {
    return <p class="empty">The model's error, calibration and staleness are drawn here after its first update.</p>;
  }
  return (
    <>
      <FigureView
        label="Error of the model on new results, against how many it had learnt from"
        height={340}
        data={science}
        draw={(theme, size) => errorFigure(runsOf(science), theme, size)}
      />
      {calibration === null ? (
        <p class="empty">Calibration is drawn here when enough results have come that a model had predicted.</p>
      ) : (
        <FigureView
          label={`Calibration of the model on ${counted(calibration.count, 'new result')}`}
          height={400}
          data={science}
          draw={(theme, size) =>
            calibrationFigure(
              {
                words: {
                  title: 'Calibration on new results',
                  caption: `How often results lay within what was predicted, of ${calibration.count}. Below the diagonal the model is too sure.`,
                },
                lines: [{ name: 'the model', ...calibration }],
              },
              theme,
              size,
            )
          }
        />
      )}
      {results.staleResults.some((stale) => stale !== null) &&
        staleness.map(({ unit, label }) => (
          <FigureView
            key={unit}
            label={label}
            height={340}
            data={science}
            draw={(theme, size) => stalenessFigure({ ...runsOf(science), in: unit }, theme, size)}
          />
        ))}
    </>
  );
}
