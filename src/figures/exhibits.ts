/** Every figure of a run, or of several laid over each other, by name: with what it shows in words, and its data as a table. */
import type { IdleReport, LedgerView, Science, Timeline } from '../story/views.ts';
import { calibrationFigure } from './calibration.ts';
import { discoveryFigure } from './discovery.ts';
import { causesOf, idleFigure } from './idle.ts';
import { latencyFigure } from './latency.ts';
import { errorFigure } from './model-error.ts';
import { objectiveFigure } from './objective.ts';
import type { Theme } from './palette.ts';
import type { Size } from './plot.ts';
import { poolsFigure } from './pools.ts';
import type { RunsData } from './runs.ts';
import { stalenessFigure } from './staleness.ts';
import type { Figure } from './svg.ts';
import { timelineFigure } from './timeline.ts';

/** Data as rows; a cell without a value is null. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** A figure that stands alone, and what it is drawn from. */
export interface Exhibit {
  /** What its files are called. */
  readonly name: string;
  /** What people who cannot see it are told. */
  readonly label: string;
  readonly figure: (theme: Theme, size?: Size) => Figure;
  readonly table: () => Table;
}

/** What runs found, when, and by what knowledge. Figures without any data are left out. */
export function scienceExhibits(data: RunsData): Exhibit[] {
  const { runs, measure } = data;
  const valueName = `${measure.label} (${measure.unit})`;
  const some = (of: (science: Science) => readonly unknown[]): boolean =>
    runs.some(({ science }) => of(science).some((one) => one !== null));
  const found = (by: 'evaluations' | 'time'): Exhibit => ({
    name: by === 'evaluations' ? 'found' : 'found-by-time',
    label: `Finds against ${by === 'evaluations' ? 'simulations that succeeded' : 'wall time'}`,
    figure: (theme, size) => discoveryFigure({ ...data, by }, theme, size),
    table: () => foundTable(data),
  });
  const stale = (unit: 'results' | 'seconds'): Exhibit => ({
    name: `staleness-${unit}`,
    label: `Staleness of choices in ${unit}, against wall time`,
    figure: (theme, size) => stalenessFigure({ ...data, in: unit }, theme, size),
    table: () =>
      resultsTable(data, {
        'stale results': ({ staleResults }) => staleResults,
        'stale seconds': ({ staleSeconds }) => staleSeconds,
        update: ({ update }) => update,
      }),
  });
  const hasResults = some(({ results }) => results.at);
  const isPredicted = some(({ results }) => results.predicted);
  const lines = runs.flatMap(({ name, science: { calibration } }) =>
    calibration === null ? [] : [{ name: runs.length === 1 ? 'the model' : name, ...calibration }],
  );
  return [
    ...(hasResults ? [found('evaluations'), found('time')] : []),
    ...(hasResults
      ? [
          {
            name: 'objective',
            label: `${data.measure.label} of each simulation against wall time`,
            figure: (theme: Theme, size?: Size) => objectiveFigure(data, theme, size),
            table: () =>
              resultsTable(data, {
                [valueName]: ({ value }) => value,
                'found so far': (_, { found: counts }) => counts,
              }),
          },
        ]
      : []),
    ...(some(({ results }) => results.staleResults) ? [stale('results'), stale('seconds')] : []),
    ...(hasResults
      ? [
          {
            name: 'decision-latency',
            label: 'Time from the end of computations to the decisions on their results',
            figure: (theme: Theme, size?: Size) => latencyFigure(data, theme, size),
            table: () => resultsTable(data, { 'decision ms': ({ decisionMs }) => decisionMs }),
          },
        ]
      : []),
    ...(isPredicted
      ? [
          {
            name: 'model-error',
            label: 'Errors of predictions on new results',
            figure: (theme: Theme, size?: Size) => errorFigure(data, theme, size),
            table: () =>
              resultsTable(data, {
                [valueName]: ({ value }) => value,
                'predicted mean': ({ predicted }) => predicted,
                'predicted deviation': ({ deviation }) => deviation,
                update: ({ update }) => update,
              }),
          },
        ]
      : []),
    ...(lines.length === 0
      ? []
      : [
          {
            name: 'calibration',
            label: 'Shares of new results within the intervals that the model expected to hold them',
            figure: (theme: Theme, size?: Size) =>
              calibrationFigure({ words: calibrationWords(lines), lines }, theme, size),
            table: () => ({
              columns: ['run', 'expected share', 'observed share'],
              rows: lines.flatMap(({ name, expected, observed }) =>
                expected.map((share, i) => [name, share, observed[i] ?? null]),
              ),
            }),
          },
        ]),
  ];
}

function calibrationWords(lines: readonly { readonly count: number }[]): { title: string; caption: string } {
  const count = lines.reduce((sum, one) => sum + one.count, 0);
  return {
    title: 'How sure the model was of what it chose',
    caption:
      'Below the diagonal a model is too sure, above it more careful than it need be. ' +
      `${count} results that came after they were predicted; the chosen ones are those that it is most wrong about.`,
  };
}

/** What one run's slots did. */
export function slotExhibits({
  timeline,
  ledger,
  idle,
}: {
  timeline: Timeline;
  ledger: LedgerView;
  idle: IdleReport;
}): Exhibit[] {
  return [
    {
      name: 'utilisation',
      label: 'Tasks of each slot against wall time',
      figure: (theme, size) => timelineFigure(timeline, theme, size?.width),
      table: () => taskTable(timeline),
    },
    ...(causesOf(idle).length === 0
      ? []
      : [
          {
            name: 'idle',
            label: 'Idle slot seconds by cause',
            figure: (theme: Theme, size?: Size) => idleFigure(idle, theme, size?.width),
            table: () => ({ columns: ['cause', 'slot seconds'], rows: causesOf(idle) }),
          },
        ]),
    ...(ledger.at.length === 0
      ? []
      : [
          {
            name: 'pools',
            label: 'Slots of each pool against wall time',
            figure: (theme: Theme, size?: Size) => poolsFigure(ledger, theme, size),
            table: () => poolTable(ledger),
          },
        ]),
  ];
}

const seconds = (ms: number): number => Math.round(ms) / 1_000;

function foundTable({ runs }: RunsData): Table {
  return {
    columns: ['run', 'simulations', 'seconds', 'found', 'random mean', 'random deviation'],
    rows: runs.flatMap(({ name, science: { results, found, random } }) =>
      [0, ...found].map((count, n) => [
        name,
        n,
        n === 0 ? 0 : seconds(results.at[n - 1] ?? 0),
        count,
        random === null ? null : n * random.rate,
        random === null ? null : Math.hypot(Math.sqrt(n * random.rate * (1 - random.rate)), n * random.error),
      ]),
    ),
  };
}

type Results = Science['results'];

/** One row a result: the run, the task, what it is about, when it was decided on, and these columns. */
function resultsTable(
  { runs }: RunsData,
  columns: Readonly<Record<string, (results: Results, science: Science) => readonly (number | null)[]>>,
): Table {
  return {
    columns: ['run', 'task', 'candidate', 'seconds', ...Object.keys(columns)],
    rows: runs.flatMap(({ name, science }) => {
      const { results } = science;
      const cells = Object.values(columns).map((of) => of(results, science));
      return results.task.map((task, i) => [
        name,
        task,
        results.label[i] ?? null,
        seconds(results.at[i] ?? 0),
        ...cells.map((column) => column[i] ?? null),
      ]);
    }),
  };
}

function taskTable({ lanes, topics, tasks }: Timeline): Table {
  const states = ['running', 'succeeded', 'failed'];
  return {
    columns: ['task', 'topic', 'slot', 'worker', 'host', 'start seconds', 'end seconds', 'state'],
    rows: tasks.id.map((id, i) => {
      const lane = tasks.lane[i] ?? 0;
      const end = tasks.end[i] ?? null;
      return [
        id,
        topics[tasks.topic[i] ?? 0] ?? null,
        lane + 1,
        lanes[lane]?.worker ?? null,
        lanes[lane]?.host ?? null,
        seconds(tasks.start[i] ?? 0),
        end === null ? null : seconds(end),
        states[tasks.state[i] ?? 0] ?? null,
      ];
    }),
  };
}

function poolTable({ at, capacity, pools }: LedgerView): Table {
  const names = Object.keys(pools);
  return {
    columns: ['seconds', 'capacity', ...names.flatMap((name) => [`${name} slots`, `${name} allocated`])],
    rows: at.map((ms, i) => [
      seconds(ms),
      capacity[i] ?? null,
      ...names.flatMap((name) => [pools[name]?.slots[i] ?? null, pools[name]?.allocated[i] ?? null]),
    ]),
  };
}
