/** A candidate that waits to be chosen: what the model expects of it, and what may be asked about it. */
import type { JSX } from 'preact';
import type { NextRow } from '../src/story/views.ts';
import { Dialog } from './dialog.tsx';
import { ask, maySteer, WhyNot } from './hands-on.tsx';
import { campaign, overview } from './live.ts';
import { Drawing } from './molecule.tsx';
import type { Action } from './wishes.ts';
import { inOther, none, plusMinus } from './words.ts';

export function CandidateDialog({
  row: { candidate, label, score, mean, deviation, isPinned },
  onClose,
}: {
  readonly row: NextRow;
  readonly onClose: () => void;
}): JSX.Element {
  const objective = campaign.value?.objective;
  const isVetoed = overview.value?.vetoed.includes(candidate) === true;
  const actions: readonly Action[] = [isPinned ? 'unpin' : 'pin', isVetoed ? 'allow' : 'veto'];
  const wish = (action: Action): void => {
    onClose();
    ask(action, { candidate: String(candidate) });
  };
  return (
    <Dialog title={`Candidate ${candidate}`} onClose={onClose}>
      <div class="summary">
        {label !== null && <Drawing label={label} />}
        <div>
          <p class="id told">{label ?? 'Its name is not known here: the space is not loaded.'}</p>
          {objective !== undefined && (
            <>
              <p>
                predicted <span class="number">{plusMinus(mean, deviation, objective)}</span>
              </p>
              <p class="number quiet">{mean === null ? '' : inOther(mean, objective)}</p>
              <p>
                score <span class="number">{score === null ? none : score.toFixed(4)}</span>
              </p>
            </>
          )}
          {isPinned && <p>Pinned: it is simulated before all others.</p>}
        </div>
      </div>
      {maySteer.value ? (
        <div class="buttons">
          {actions.map((action) => (
            <button key={action} onClick={() => wish(action)}>
              {{ pin: 'Pin first', unpin: 'Unpin', veto: 'Veto', allow: 'Allow' }[action as 'pin']}
            </button>
          ))}
        </div>
      ) : (
        <WhyNot />
      )}
    </Dialog>
  );
}
