/** A candidate as people see it: its drawing, everywhere of one size, and its value under it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TaskRow } from '../src/story/views.ts';
import { withQuery } from './api.ts';
import { campaign } from './live.ts';
import { taskHref } from './route.ts';
import { theme } from './theme.ts';
import { inOther, inUnit } from './words.ts';

/** The drawing of a label; the label itself where there is none. */
export function Drawing({ label }: { readonly label: string }): JSX.Element {
  const address = withQuery('/api/drawing', { label, theme: theme.value });
  const [failed, setFailed] = useState('');
  if (campaign.value?.draws !== true || failed === address) {
    return (
      <span class="drawing undrawn id" aria-hidden="true">
        {label}
      </span>
    );
  }
  return <img class="drawing" src={address} alt="" width={160} height={120} onError={() => setFailed(address)} />;
}

/** A task of a candidate, as a link to its story. */
export function Molecule({ row }: { readonly row: TaskRow }): JSX.Element {
  const objective = campaign.value?.objective;
  const said = saidOf(row);
  return (
    <a class={`molecule${row.isFound ? ' found' : ''}`} href={taskHref(row.task)} title={row.label}>
      <Drawing label={row.label} />
      <span class="id label">{row.label}</span>
      {row.value !== null && objective !== undefined ? (
        <span class="number value">
          {inUnit(row.value, objective)}
          <span class="quiet">{inOther(row.value, objective)}</span>
        </span>
      ) : (
        <span class={`value ${row.state}`}>{said}</span>
      )}
      <span class="unseen">{row.isFound ? 'found' : ''}</span>
    </a>
  );
}

/** What is to say of a task that has no value. */
const saidOf = ({ state, failure }: TaskRow): string => (failure === null ? state : `failed: ${failure.code}`);

/** A row of molecules, with places reserved for those that are not there yet. */
export function Molecules({
  rows,
  places,
  empty,
}: {
  readonly rows: readonly TaskRow[];
  readonly places: number;
  readonly empty: string;
}): JSX.Element {
  if (rows.length === 0) return <p class="empty reserved">{empty}</p>;
  return (
    <ul class="drawn">
      {rows.slice(0, places).map((row) => (
        <li key={row.task}>
          <Molecule row={row} />
        </li>
      ))}
    </ul>
  );
}
