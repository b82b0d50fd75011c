/** A statechart as Mermaid text, for a README or a notebook: `stateDiagram-v2`. */
import { statesOf, type Chart, type ChartArrow, type ChartState } from './chart-model.ts';

/** The chart of a machine as Mermaid reads it: nested states, regions, initial and final states, and what happens inside a state. */
export function mermaidOf(chart: Chart): string {
  const { root, arrows } = chart;
  const historic = new Set(statesOf(chart).flatMap(({ path, kind }) => (kind === 'history' ? [path] : [])));
  const lines = [
    'stateDiagram-v2',
    ...root.states.flatMap((state) => written(state, arrows, 1)),
    `  [*] --> ${idOf(root.initial ?? '')}`,
    ...inner(root, arrows).map((line) => `  %% anywhere: ${line}`),
    ...arrows.flatMap(({ source, targets, label, actions }) =>
      targets.map((target) => {
        // Mermaid has no history: the arrow leads to the state that would be entered again.
        const to = historic.has(target) ? target.split('.').slice(0, -1).join('.') : target;
        const does = [label, actions.length === 0 ? '' : `/ ${actions.join(', ')}`].filter((part) => part !== '');
        return `  ${idOf(source)} --> ${idOf(to)}${does.length === 0 ? '' : ` : ${clean(does.join(' '))}`}`;
      }),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function written(state: ChartState, arrows: readonly ChartArrow[], depth: number): string[] {
  const { path, name, kind, states, initial } = state;
  if (kind === 'history') return [];
  const indent = '  '.repeat(depth);
  const id = idOf(path);
  const notes = [
    ...state.entry.map((action) => `entry / ${action}`),
    ...state.exit.map((action) => `exit / ${action}`),
    ...inner(state, arrows),
  ].map((note) => `${indent}${id} : ${clean(note)}`);
  const head = `${indent}state "${clean(name)}" as ${id}`;
  const end = kind === 'final' ? [`${indent}${id} --> [*]`] : [];
  const shown = states.filter((one) => one.kind !== 'history');
  if (shown.length === 0) return [head, ...notes, ...end];
  const regions = shown.map((one) => written(one, arrows, depth + 1));
  const between = kind === 'parallel' ? [`${indent}  --`] : [];
  return [
    `${head} {`,
    ...(initial === null ? [] : [`${indent}  [*] --> ${idOf(initial)}`]),
    ...regions.flatMap((region, index) => (index === 0 ? region : [...between, ...region])),
    `${indent}}`,
    ...notes,
  ];
}

/** Transitions that stay in their state. */
const inner = ({ path }: ChartState, arrows: readonly ChartArrow[]): string[] =>
  arrows
    .filter(({ source, targets }) => source === path && targets.length === 0)
    .map(({ label, actions }) => (actions.length === 0 ? label : `${label} / ${actions.join(', ')}`));

const idOf = (path: string): string => path.replaceAll(/[^A-Za-z0-9]/g, '_');

/** Text that Mermaid takes for text: what means something to it is written as its entity. */
const clean = (text: string): string =>
  text.replaceAll(/[#;:"<>{}\u0000-\u001f]/g, (character) => `#${character.charCodeAt(0)};`);
