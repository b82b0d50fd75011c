/** The story of a run as one page: what was looked for and found, how, by what, and how to do it again. */
import type { Overview } from '../story/views.ts';
import { figureGrid } from './drawn-exhibits.ts';
import { html, Html } from './html.ts';
import { dataTable, keyNumbers, page, percentOf, plainText, section, spanOf, utc } from './page-parts.ts';
import { reproduceCommand } from './reproduce.ts';
import type { RunReport } from './report-data.ts';
import { failuresSection, fleetSection, updatesSection } from './run-tables.ts';

/** The page. */
export function reportPage(report: RunReport): string {
  const { record, overview, figures } = report;
  const body = html`${heading(report)} ${numbers(report)} ${best(report)} ${section('Figures', figureGrid(figures))}
  ${fleetSection(report)} ${updatesSection(report)} ${failuresSection(report)} ${making(report)} ${charts(report)}`;
  return page({ title: `${record.id}: ${overview.found.count} found`, body });
}

function heading({ record, overview, madeAt, measure, science }: RunReport): Html {
  const side = science.seek === 'highest' ? 'above' : 'below';
  const { threshold } = science;
  const also = (threshold * measure.also.factor).toFixed(2);
  const ended =
    overview.state === 'ended' ? `Ended: ${overview.reason}.` : `${stateOf(overview)} as of ${utc(overview.at)}.`;
  return html`<h1>${record.id}</h1>
    <p>
      ${record.campaign} by policy <b>${plainText(record.settings['policy'])}</b>: ${measure.label} ${side} ${threshold}
      ${measure.unit} (${also} ${measure.also.unit}) among ${record.candidates.count.toLocaleString('en')} candidates.
      ${ended}
    </p>
    <p class="quiet small">
      ${overview.startedAt === null ? '' : `Started ${utc(overview.startedAt)}. `}This page was made ${utc(madeAt)} from
      the campaign's log, up to its event ${overview.position.toLocaleString('en')}.
    </p>`;
}

const stateOf = ({ state, reason }: Overview): string =>
  `${state.slice(0, 1).toUpperCase()}${state.slice(1)}${reason === '' ? '' : ` (${reason})`}`;

function numbers({ overview, science, measure, idle }: RunReport): Html {
  const { counts, found, model } = overview;
  const [top] = overview.best;
  const busy = Object.values(idle.busySeconds).reduce((sum, one) => sum + one, 0);
  const expected = science.random === null ? null : science.random.rate * science.results.value.length;
  return keyNumbers([
    {
      name: 'found',
      value: String(found.count),
      more:
        expected === null
          ? `${percentOf(found.share)} of simulations`
          : `${expected.toFixed(1)} expected without a model`,
    },
    { name: 'found of the last 25', value: percentOf(found.shareOfLast25), more: `${percentOf(found.share)} overall` },
    {
      name: `best ${measure.label}`,
      value: top?.value === null || top?.value === undefined ? '-' : `${top.value.toFixed(4)} ${measure.unit}`,
      more:
        top?.value === null || top?.value === undefined
          ? 'nothing yet'
          : `${(top.value * measure.also.factor).toFixed(2)} ${measure.also.unit}`,
    },
    {
      name: 'simulations',
      value: counts.succeeded.toLocaleString('en'),
      more: `${counts.failed} failed${counts.retried === 0 ? '' : `, ${counts.retried} tried again`}`,
    },
    {
      name: 'model updates',
      value: String(model?.updates ?? 0),
      more: model === null || model.failedUpdates === 0 ? 'none failed' : `${model.failedUpdates} failed`,
    },
    { name: 'wall time', value: spanOf(overview.elapsedSeconds), more: 'without pauses' },
    {
      name: 'slots busy',
      value: percentOf(idle.slotSeconds === 0 ? null : busy / idle.slotSeconds),
      more: `of ${spanOf(idle.slotSeconds)} of slots' time`,
    },
  ]);
}

function best({ overview, drawings, measure }: RunReport): Html | null {
  if (overview.best.length === 0) return null;
  const items = overview.best.map(({ label, value, task, isFound }) => {
    const picture = drawings.get(label);
    const also = ((value ?? 0) * measure.also.factor).toFixed(2);
    return html`<li>
      ${picture === undefined ? null : drawn(picture, label)}
      <div class="number">
        ${(value ?? 0).toFixed(4)} ${measure.unit} <span class="quiet">${also} ${measure.also.unit}</span>
      </div>
      <div class="number id">${label}</div>
      <div class="small quiet">${task}${isFound ? '' : ', short of the threshold'}</div>
    </li>`;
  });
  return section(
    'Best candidates',
    html`<ol class="molecules">
      ${items}
    </ol>`,
  );
}

function drawn({ light, dark }: Readonly<Record<'light' | 'dark', string>>, label: string): Html {
  const data = (svg: string): string => `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
  return html`<picture>
    <source media="screen and (prefers-color-scheme: dark)" srcset="${data(dark)}" />
    <img src="${data(light)}" width="200" height="150" alt="${`Structure of ${label}`}" />
  </picture>`;
}

function making({ record, overview }: RunReport): Html {
  const { settings, versions, candidates, methods, folder } = record;
  const pairs = (of: Readonly<Record<string, unknown>>): [string, string][] =>
    Object.entries(of).map(([name, value]) => [name, plainText(value)]);
  const hosts = [...new Set(overview.workers.map(({ host }) => host))];
  return section(
    'How it was made',
    html`<p>
        The same choices come of the same settings, seed, space and versions, as far as results come in the same order.
      </p>
      <pre>${reproduceCommand(record)}</pre>
      ${dataTable({ caption: 'Settings', columns: ['setting', 'value'], rows: pairs(settings) })}
      ${dataTable({
        caption: 'What it ran on',
        columns: ['what', 'which'],
        rows: [
          ...pairs(versions),
          ['campaign folder', folder],
          ['digest of its methods', methods],
          ['candidates', `${candidates.count.toLocaleString('en')}, digest ${candidates.digest}`],
          ...pairs(candidates.notes),
          ...pairs(candidates.objects).map(([name, digest]): [string, string] => [`object ${name}`, digest]),
          ['hosts', hosts.join(', ')],
          ['created', record.createdAt],
          ['instance', record.instance],
        ],
      })}`,
  );
}

function charts({ charts: all }: RunReport): Html | null {
  if (all.size === 0) return null;
  const figures = [...all].map(
    ([actor, svg]) =>
      html`<figure id="chart-of-${actor}">
        <h3>${actor}</h3>
        <div class="chart" tabindex="0" role="region" aria-label="Statechart of ${actor}">${new Html(svg)}</div>
      </figure>`,
  );
  return section(
    'Statecharts',
    html`<p>
        The machines that made the decisions, drawn from their own definitions. Beside each state: how often it was
        entered, and the time in it; at each arrow: how often it was taken.
      </p>
      ${figures}`,
  );
}
