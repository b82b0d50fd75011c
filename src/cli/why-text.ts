/** The story of a task as people read it in a terminal. */
import type { Objective } from '../campaign/definition.ts';
import type { TaskStory } from '../story/views.ts';
import { printable } from './printable.ts';
import { wrappedLines } from './terminal-text.ts';

const columns = 80;
const mostTraining = 5;

/** A text in lines of at most 80 columns, moved in. */
const wrapped = (text: string, indent = 2): string =>
  wrappedLines(text, columns - indent)
    .map((line) => ' '.repeat(indent) + line)
    .join('\n');

export function taskText(task: TaskStory, objective: Objective): string {
  const title = task.label === task.task ? task.task : `${task.task}  ${printable(task.label)}`;
  const parts = [
    title,
    wrapped(printable(task.why)),
    facts(task, objective),
    steps(task),
    attempts(task),
    section('what it changed', task.changed),
    output(task),
    training(task, objective),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function facts(task: TaskStory, { label, unit, also }: Objective): string {
  const { value, worker, host, resources, choice, failure } = task;
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
  const rows: (readonly [string, string | null])[] = [
    ['state', task.state],
    [
      label,
      value === null
        ? null
        : `${value.toFixed(4)} ${unit} (${(value * also.factor).toFixed(2)} ${also.unit})${task.isFound ? ', found' : ''}`,
    ],
    ['failure', failure === null ? null : `${failure.code}: ${printable(failure.message)}`],
    ['method', `${task.method}, pool ${task.pool}, ${task.slots} slot${task.slots === 1 ? '' : 's'}`],
    ['worker', worker === null ? null : `${worker} on ${host ?? ''}`],
    ['took', resources === null ? null : `${seconds(resources.wallMs)}, ${seconds(resources.cpuMs)} of CPU`],
    ['model', typeof choice?.model === 'string' ? `${choice.model.slice(0, 12)}, update ${choice.update ?? 0}` : null],
  ];
  const shown = rows.filter((row): row is readonly [string, string] => row[1] !== null);
  return shown.map(([name, text]) => `  ${name.padEnd(8)} ${text}`).join('\n');
}

function steps({ steps: all }: TaskStory): string {
  const first = all[0];
  if (first === undefined) return '';
  const width = Math.max(...all.map(({ what }) => printable(what).length));
  const lines = all.map(({ at, what, sequence }) => {
    const after = `+${((at - first.at) / 1_000).toFixed(3)} s`.padStart(11);
    const place = sequence === null ? '' : `  event ${sequence}`;
    return `${after}  ${(place === '' ? printable(what) : printable(what).padEnd(width)) + place}`;
  });
  return `its way, from ${new Date(first.at).toISOString()}\n${lines.join('\n')}`;
}

const attempts = ({ attempts: all }: TaskStory): string =>
  section(
    'tried before',
    all.map(({ at, host, code, message }) => `${new Date(at).toISOString()} on ${host}: ${code}: ${message}`),
  );

const section = (title: string, texts: readonly string[]): string =>
  texts.length === 0 ? '' : `${title}\n${texts.map((text) => wrapped(printable(text))).join('\n')}`;

function output({ output: value, task }: TaskStory): string {
  if (typeof value !== 'object' || value === null) return '';
  const fields = Object.entries(value);
  const width = Math.max(...fields.map(([name]) => name.length));
  const lines = fields.map(([name, field]) => `  ${printable(name).padEnd(width)} ${oneLine(name, field, task)}`);
  return `its result\n${lines.join('\n')}`;
}

function oneLine(name: string, field: unknown, task: string): string {
  if (typeof field === 'string' && /^[0-9a-f]{64}$/.test(field))
    return `kept: cox why ${task} --show ${printable(name)}`;
  const text = typeof field === 'string' ? field : JSON.stringify(field);
  const [line = '', ...more] = text.split('\n');
  const cut = line.length > 60 ? `${line.slice(0, 59)}…` : line;
  return `${printable(cut)}${more.length === 0 ? '' : ` … (${more.length + 1} lines; all of it with --json)`}`;
}

function training({ trainingSet, choice }: TaskStory, { unit }: Objective): string {
  if (trainingSet.length === 0) return '';
  const known = choice?.trainedOn ?? trainingSet.length;
  const lines = trainingSet
    .slice(0, mostTraining)
    .map(({ task, label, value }) => `  ${value.toFixed(4)} ${unit}  ${task.padEnd(14)} ${printable(label)}`);
  const which = trainingSet.length > mostTraining ? `; the last ${mostTraining} of them:` : ':';
  return `the model had learnt from ${known.toLocaleString('en')} results${which}\n${lines.join('\n')}`;
}
