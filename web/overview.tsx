/** The first view: are we well, what is running, what was found, what is next. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { baselineName, discoveryFigure } from '../src/figures/discovery.ts';
import { inBoth } from '../src/figures/runs.ts';
import type { ModelView, NextRow, Overview, SlotRow } from '../src/story/views.ts';
import { CandidateDialog } from './candidate-dialog.tsx';
import { FigureView } from './figure.tsx';
import { count, duration, fixed, inOther, inUnit, none, percent, plusMinus, shortUnit } from './words.ts';
import { counted, fleetOf, worriesOf } from './health.ts';
import { Held } from './held.tsx';
import { actors, campaign, overview, shownAt } from './live.ts';
import { Molecules } from './molecule.tsx';
import { hrefOf, taskHref } from './route.ts';
import { runsOf, useScience } from './science.ts';

const shownSlots = 6;
const shownNext = 6;
const shownMolecules = 4;

export function OverviewView(): JSX.Element {
  const now = overview.value;
  if (now === null) return <p class="empty">The log is being read: what the campaign does appears here.</p>;
  return (
    <div class="sheet">
      <Doing now={now} />
      <Numbers now={now} />
      <Running now={now} />
      <Discovery />
      <div class="stack">
        <Well now={now} />
        <Next now={now} />
      </div>
      <Held
        className="now-best"
        title="Best"
        value={now.best}
        extra={<a href={hrefOf('molecules', { sort: 'value' })}>all</a>}
      >
        {(rows) => (
          <Molecules
            rows={rows}
            places={shownMolecules}
            empty="The best molecules appear here with the first results."
          />
        )}
      </Held>
      <Held
        className="now-recent"
        title="Recent"
        value={now.recent}
        extra={<a href={hrefOf('molecules', { sort: 'recent' })}>all</a>}
      >
        {(rows) => (
          <Molecules rows={rows} places={shownMolecules} empty="Each result appears here as soon as it is counted." />
        )}
      </Held>
    </div>
  );
}

function Doing({ now }: { readonly now: Overview }): JSX.Element {
  return (
    <section class="doing" aria-label="What it is doing">
      <p class="quiet">{goal()}</p>
      {now.doing.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </section>
  );
}

/** What the campaign is for, and how it chooses: for people who see one for the first time. */
function goal(): string {
  if (campaign.value === null) return '';
  const { candidates, objective, policy, actors: those } = campaign.value;
  const { label, threshold, seek } = objective;
  const what = `${label} ${seek === 'highest' ? 'above' : 'below'} ${inBoth(threshold, objective)}`;
  const how = those.includes('trainer')
    ? 'a model that learns from the results says which to simulate next'
    : 'which to simulate next is chosen without a model';
  return `Searches ${count(candidates)} candidates for ${what}: ${how} (policy ${policy}).`;
}

function Numbers({ now: { counts, found, best } }: { readonly now: Overview }): JSX.Element {
  const objective = campaign.value?.objective;
  const [top] = best;
  return (
    <dl class="numbers" aria-label="What was found">
      <Number label={`simulated of ${count(counts.total)}`}>{count(counts.succeeded)}</Number>
      <Number label="failed">{count(counts.failed)}</Number>
      <Number label={`found, ${percent(found.share)}`}>{count(found.count)}</Number>
      <Number label="of the last 25">{percent(found.shareOfLast25)}</Number>
      <Number label="simulations/min">{fixed(found.simulationsPerMinute, 1)}</Number>
      <Number label="to the next find">{nextFind(found.secondsToNextFind)}</Number>
      {objective !== undefined && (
        <Number label={top === undefined ? 'best' : `best, ${inOther(top.value, objective)}`}>
          {inUnit(top?.value ?? null, objective)}
        </Number>
      )}
    </dl>
  );
}

const nextFind = (seconds: number | null): string =>
  seconds === null ? none : `~${seconds < 60 ? `${Math.ceil(seconds)} s` : duration(seconds).replace(/ \d+ s$/, '')}`;

function Number({ label, children }: { readonly label: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt class="small quiet">{label}</dt>
      <dd class="number">{children}</dd>
    </div>
  );
}

function Running({ now }: { readonly now: Overview }): JSX.Element {
  const rows = now.state === 'ended' ? [] : now.slots.slice(0, shownSlots);
  const more = now.slots.length - rows.length;
  return (
    <div class="now-running">
      <Held title="Running" value={rows} extra={<a href={hrefOf('timeline')}>timeline</a>}>
        {(slots) =>
          slots.length === 0 ? (
            <p class="empty">
              {now.state === 'ended'
                ? 'Nothing: it has ended.'
                : 'Slots appear here with the first worker, each with what it computes or why it does not.'}
            </p>
          ) : (
            <ul class="now-slots">
              {slots.map((slot) => (
                <Slot key={slot.lane} slot={slot} />
              ))}
              {more > 0 && <li class="quiet">and {counted(more, 'more slot')} in the timeline</li>}
            </ul>
          )
        }
      </Held>
      <Books now={now} />
    </div>
  );
}

/** The pools and the queue, in words. */
function Books({ now: { pools, counts, pinned, vetoed } }: { readonly now: Overview }): JSX.Element {
  const waits = [
    counts.queued > 0 ? `${count(counts.queued)} queued` : '',
    counts.retried > 0 ? `${count(counts.retried)} tried again` : '',
    pinned.length > 0 ? `${count(pinned.length)} pinned` : '',
    vetoed.length > 0 ? `${count(vetoed.length)} vetoed` : '',
  ].filter((word) => word !== '');
  return (
    <dl class="books" aria-label="Pools">
      {pools.map(({ pool, allocated, free }) => (
        <div key={pool}>
          <dt class="quiet">{pool}</dt>
          <dd>
            <span class="number">{allocated}</span> of {counted(allocated + free, 'slot')} at work
          </dd>
        </div>
      ))}
      {waits.length > 0 && (
        <div>
          <dt class="quiet">tasks</dt>
          <dd>{waits.join(', ')}</dd>
        </div>
      )}
    </dl>
  );
}

function Slot({ slot: { worker, host, task, since, idle } }: { readonly slot: SlotRow }): JSX.Element {
  return (
    <li>
      <span class={`kind ${task === null ? 'idle' : kindOf(task.topic)}`} aria-hidden="true" />
      <span class="id now-where" title={`${worker} on ${host}`}>
        {host}
      </span>
      {task === null ? (
        <span class="quiet">idle: {idle ?? 'just now'}</span>
      ) : (
        <a class="told id what" href={taskHref(task.task)} title={task.label}>
          <span class="unseen">{task.topic} </span>
          {task.label}
        </a>
      )}
      <span class="number quiet">
        {duration(Math.max(0, Math.round((shownAt.value - since) / 1000))).replace('.0', '')}
      </span>
    </li>
  );
}

/** The colour of a kind of task, by its topic or pool. */
const kindOf = (topic: string): string =>
  /^(simulate|train|infer)/.exec(topic)?.[0] ?? (/score|rank|choose/.test(topic) ? 'infer' : 'other');

function Discovery(): JSX.Element {
  const { data } = useScience();
  if (data === null || data.results.at.length === 0) {
    return (
      <section class="now-discovery" aria-label="Discovery">
        <div class="heading">
          <h2>Discovery</h2>
        </div>
        <p class="empty">
          {(overview.value?.counts.succeeded ?? 0) > 0
            ? 'The results are being fetched.'
            : 'What was found, beside what would have been found without a model, is drawn here from the first result on.'}
        </p>
      </section>
    );
  }
  const found = data.found.at(-1) ?? 0;
  const all = data.results.at.length;
  const { random } = data;
  const times = random !== null && random.rate > 0 ? found / (random.rate * all) : null;
  return (
    <section class="now-discovery" aria-label="Discovery">
      <div class="heading">
        <h2>Discovery</h2>
        <span class="small quiet">
          {count(found)} of {count(all)}
          {times === null || random === null ? '' : `, ${times.toFixed(1)} times as many as ${baselineName(random)}`}
        </span>
      </div>
      <FigureView
        label={`Discovery curve: ${counted(found, 'find')} in ${counted(all, 'simulation')}`}
        height={290}
        data={data}
        draw={(theme, size) =>
          discoveryFigure({ ...runsOf(data), by: 'evaluations' }, theme, { ...size, isBare: true })
        }
      />
    </section>
  );
}

function Well({ now }: { readonly now: Overview }): JSX.Element {
  const worries = worriesOf(now, { now: shownAt.value, actors: actors.value });
  const loads = now.workers.flatMap(({ load, host }) => (load === null ? [] : [[host, load] as const]));
  const byHost = [...new Map(loads)].slice(0, 3);
  return (
    <section class="well" aria-label="Health">
      <h2>{now.state === 'ended' ? 'It ended with' : worries.length === 0 ? 'All is well' : 'Worth a look'}</h2>
      <ul>
        {worries.slice(0, 3).map((worry) => (
          <li key={worry} class="worry">
            {worry}
          </li>
        ))}
        <li>
          {fleetOf(now)}
          {byHost.length > 0 && (
            <span class="quiet">, load {byHost.map(([, load]) => load.toFixed(1)).join(', ')}</span>
          )}
        </li>
        <li>
          <Model model={now.model} />
        </li>
      </ul>
    </section>
  );
}

function Model({ model }: { readonly model: ModelView | null }): JSX.Element {
  const objective = campaign.value?.objective;
  if (model === null || objective === undefined) return <span class="quiet">no model yet</span>;
  const { update, trainedOn, isUpdating, staleResults, recentError } = model;
  return (
    <>
      model {update}, from {counted(trainedOn, 'result')}
      {isUpdating ? ', next in training' : ''}
      <span class="quiet">
        {staleResults > 0 ? `; ${staleResults} newer` : ''}
        {recentError === null
          ? ''
          : `; error on new results ${recentError.toFixed(4)} ${shortUnit(objective.unit)} (${inOther(recentError, objective)})`}
      </span>
    </>
  );
}

function Next({ now }: { readonly now: Overview }): JSX.Element {
  const [open, setOpen] = useState<NextRow | null>(null);
  return (
    <>
      <Held className="now-next" title={now.state === 'ended' ? 'Would be next' : 'Next'} value={now.next}>
        {(rows) =>
          rows.length === 0 ? (
            <p class="empty">
              {now.state === 'ended'
                ? 'Nothing: it has ended.'
                : 'What is chosen next appears here with the first ranking.'}
            </p>
          ) : (
            <ol>
              {rows.slice(0, shownNext).map((row) => (
                <NextLine key={row.candidate} row={row} onOpen={() => setOpen(row)} />
              ))}
            </ol>
          )
        }
      </Held>
      {open !== null && <CandidateDialog row={open} onClose={() => setOpen(null)} />}
    </>
  );
}

function NextLine({
  row: { candidate, label, mean, deviation, isPinned },
  onOpen,
}: {
  readonly row: NextRow;
  readonly onOpen: () => void;
}): JSX.Element {
  const objective = campaign.value?.objective;
  return (
    <li>
      <button class="link told id what" title={label ?? undefined} onClick={onOpen}>
        {label ?? `candidate ${candidate}`}
      </button>
      <span class="number quiet">
        {isPinned ? 'pinned ' : ''}
        {mean !== null && objective !== undefined ? plusMinus(mean, deviation, objective) : ''}
      </span>
    </li>
  );
}
