/** Everything about one task, over the view: why this molecule, what was computed, where and when, and what came of it. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { TaskStory } from '../src/story/views.ts';
import { useAnswer } from './answer.ts';
import { withQuery } from './api.ts';
import { ask, maySteer, WhyNot } from './hands-on.tsx';
import { counted } from './health.ts';
import { campaign, overview } from './live.ts';
import { Drawing } from './molecule.tsx';
import { closeTask, hrefOf, taskHref } from './route.ts';
import { TaskOutput } from './task-output.tsx';
import { count, duration, inOther, inUnit, none, plusMinus, timeOfDay } from './words.ts';

export function TaskPanel({ task }: { readonly task: string }): JSX.Element {
  const element = useRef<HTMLElement>(null);
  // Until it has ended its story grows with every event.
  const [isOver, setIsOver] = useState(false);
  const version = isOver ? 'over' : overview.value?.position;
  const { data, error } = useAnswer<TaskStory>(withQuery('/api/task', { id: task }), version, 1_000);
  useEffect(() => setIsOver(data?.recorded !== undefined && data.recorded !== null), [data]);
  useEffect(() => {
    const before = document.activeElement;
    element.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <aside class="panel" aria-label={`Task ${task}`} tabIndex={-1} ref={element}>
      <header>
        <h2 class="id">{task}</h2>
        <button class="plain" aria-label="Close" title="Close (Esc)" onClick={closeTask}>
          ✕
        </button>
      </header>
      {data === null ? <p class="empty">{error ?? 'Its story is being read from the log.'}</p> : <Story story={data} />}
    </aside>
  );
}

function Story({ story }: { readonly story: TaskStory }): JSX.Element {
  return (
    <>
      <Summary story={story} />
      <Steering story={story} />
      <Part title="Why this one">
        <p class="told">{story.why}</p>
        <Choice story={story} />
      </Part>
      <Part title="What its result changed">
        {story.changed.length === 0 ? (
          <p class="quiet">{story.recorded === null ? 'Nothing yet: it is not counted.' : 'Nothing but the counts.'}</p>
        ) : (
          <ul>
            {story.changed.map((line) => (
              <li key={line} class="told">
                {line}
              </li>
            ))}
          </ul>
        )}
      </Part>
      <Part title="Steps">
        <Steps story={story} />
      </Part>
      <TaskOutput story={story} />
      <TrainingSet story={story} />
    </>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <section class="part">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Summary({ story }: { readonly story: TaskStory }): JSX.Element {
  const objective = campaign.value?.objective;
  const { candidate, label, value, isFound, state, failure, host, worker, attempts } = story;
  return (
    <div class="summary">
      {candidate !== null && <Drawing label={label} />}
      <div>
        {candidate !== null && <p class="id told">{label}</p>}
        {value !== null && objective !== undefined ? (
          <p class="number large">
            {inUnit(value, objective)} <span class="quiet">{inOther(value, objective)}</span>
          </p>
        ) : (
          <p class={`large ${state}`}>{state}</p>
        )}
        {value !== null && (
          <p class={isFound ? 'isfound' : 'quiet'}>
            {isFound ? '● found: beyond the threshold' : 'not beyond the threshold'}
          </p>
        )}
        {failure !== null && (
          <p class="failed told">
            {failure.code}: {failure.message}
          </p>
        )}
        <p class="quiet">
          {host === null ? 'on no host yet' : `${worker ?? ''} on ${host}`}
          {attempts.length > 0 &&
            `, ${count(attempts.length)} failed attempt${attempts.length === 1 ? '' : 's'} before`}
        </p>
      </div>
    </div>
  );
}

function Choice({ story: { choice, value } }: { readonly story: TaskStory }): JSX.Element | null {
  const objective = campaign.value?.objective;
  if (choice === null || objective === undefined) return null;
  const { rank, score, mean, deviation, update, model, trainedOn, stale, by } = choice;
  const error = mean === null || value === null ? null : value - mean;
  const rows: readonly (readonly [string, string])[] = [
    ['chosen by', by],
    ['rank', rank === null ? none : count(rank)],
    ['score', score === null ? none : score.toFixed(4)],
    ['predicted', plusMinus(mean, deviation, objective)],
    ['found − predicted', error === null ? none : `${error > 0 ? '+' : '−'}${inUnit(Math.abs(error), objective)}`],
    [
      'model',
      update === null || update === 0
        ? 'none: one of the first'
        : `version ${update}${model === null ? '' : `, ${model.slice(0, 12)}`}`,
    ],
    ['learnt from', trainedOn === null ? none : counted(trainedOn, 'result')],
    [
      'not known to it',
      stale === null ? none : `${counted(stale.results, 'result')}, ranked ${duration(stale.seconds)} before`,
    ],
  ];
  return (
    <dl class="facts">
      {rows
        .filter(([, said]) => said !== none)
        .map(([name, said]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="number told">{said}</dd>
          </div>
        ))}
    </dl>
  );
}

function Steps({ story: { steps, resources, attempts } }: { readonly story: TaskStory }): JSX.Element {
  const start = steps[0]?.at ?? 0;
  return (
    <>
      <ol class="steps">
        {steps.map(({ at, what, sequence }, i) => (
          <li key={i}>
            <span class="number quiet" title={new Date(at).toISOString()}>
              {i === 0 ? timeOfDay(at) : `+${((at - start) / 1000).toFixed(3)} s`}
            </span>
            <span class="told">{what}</span>
            {sequence === null ? (
              <span />
            ) : (
              <a
                class="number small"
                href={hrefOf('log', { event: sequence })}
                aria-label={`event ${sequence} in the log`}
              >
                {sequence}
              </a>
            )}
          </li>
        ))}
      </ol>
      {attempts.map(({ at, host, code, message }) => (
        <p key={at} class="failed told">
          Attempt on {host} failed, {code}: {message}
        </p>
      ))}
      {resources !== null && (
        <p class="quiet">
          {duration(resources.wallMs / 1000)} on the wall, {duration(resources.cpuMs / 1000)} of CPU
        </p>
      )}
    </>
  );
}

function Steering({ story: { task, candidate, label, state } }: { readonly story: TaskStory }): JSX.Element {
  if (!maySteer.value) return <WhyNot />;
  const isOpen = state === 'queued' || state === 'running';
  const { pinned = [], vetoed = [] } = overview.value ?? {};
  const name = candidate === null ? '' : String(candidate);
  return (
    <div class="buttons start">
      {isOpen && <button onClick={() => ask('cancel', { task })}>Cancel it</button>}
      {candidate !== null && state === 'withdrawn' && !pinned.includes(candidate) && (
        <button onClick={() => ask('pin', { candidate: name })}>Pin first</button>
      )}
      {candidate !== null && (state === 'withdrawn' || state === 'queued') && !vetoed.includes(candidate) && (
        <button onClick={() => ask('veto', { candidate: name })}>Veto</button>
      )}
      {candidate !== null && vetoed.includes(candidate) && (
        <button onClick={() => ask('allow', { candidate: name })}>Allow {label.slice(0, 20)}</button>
      )}
    </div>
  );
}

function TrainingSet({ story: { trainingSet, choice } }: { readonly story: TaskStory }): JSX.Element | null {
  const objective = campaign.value?.objective;
  if (trainingSet.length === 0 || objective === undefined) return null;
  const all = choice?.trainedOn ?? trainingSet.length;
  return (
    <details class="part">
      <summary>
        What the model had learnt from: {count(all)} results
        {all > trainingSet.length ? `, the last ${count(trainingSet.length)} of them` : ''}
      </summary>
      <table class="results">
        <thead>
          <tr>
            <th scope="col">task</th>
            <th scope="col">molecule</th>
            <th scope="col">
              {objective.label}, {objective.unit}
            </th>
          </tr>
        </thead>
        <tbody>
          {trainingSet.map(({ task, label, value }) => (
            <tr key={task}>
              <td>
                <a class="id" href={taskHref(task)}>
                  {task}
                </a>
              </td>
              <td class="id told">{label}</td>
              <td class="number">{value.toFixed(4)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
