/** The form of one thing that is asked of the campaign: what is wrong is said beside the field, and what is refused in words. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import type { SteerAnswer } from '../src/dashboard/api.ts';
import { steer } from './api.ts';
import { campaign, overview } from './live.ts';
import { faultsOf, requestOf, wishes, type Action, type Field, type Filled } from './wishes.ts';

const labels: Readonly<Record<Field, string>> = {
  candidate: 'Molecule (SMILES, or its number)',
  candidates: 'Candidates (one SMILES a line)',
  from: 'From pool',
  to: 'To pool',
  slots: 'Slots',
  task: 'Task',
  reason: 'Why (optional, for the log)',
};

export function WishForm({
  action,
  filled: first,
  onClose,
  onAnswer,
}: {
  readonly action: Action;
  readonly filled: Filled;
  readonly onClose: () => void;
  readonly onAnswer: (answer: SteerAnswer) => void;
}): JSX.Element {
  const wish = wishes[action];
  const [filled, setFilled] = useState(first);
  const [isConfirmed, setIsConfirmed] = useState(false);
  /** Faults are shown once somebody has tried to send, or has left a field. */
  const [touched, setTouched] = useState<ReadonlySet<Field>>(new Set());
  const [refusal, setRefusal] = useState('');
  const [isSending, setIsSending] = useState(false);
  const pools = overview.value?.pools ?? [];
  const faults = faultsOf(action, filled, pools);
  const isConfirmable = wish.confirm === undefined || isConfirmed;

  const send = async (): Promise<void> => {
    setTouched(new Set<Field>([...wish.fields, 'reason']));
    if (Object.keys(faults).length > 0 || !isConfirmable || isSending) return;
    setIsSending(true);
    setRefusal('');
    try {
      onAnswer(await steer(requestOf(action, filled)));
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
      setIsSending(false);
    }
  };

  return (
    <form
      class="wish"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <p>{wish.means}</p>
      {[...wish.fields, 'reason' as const].map((field, i) => (
        <Entry
          key={field}
          field={field}
          value={filled[field]}
          fault={touched.has(field) ? faults[field] : undefined}
          isFirst={i === 0}
          options={field === 'from' || field === 'to' ? poolNames() : null}
          onInput={(value) => setFilled({ ...filled, [field]: value })}
          onLeave={() => filled[field] !== '' && setTouched(new Set([...touched, field]))}
        />
      ))}
      {wish.confirm !== undefined && (
        <label class="confirm">
          <input
            type="checkbox"
            checked={isConfirmed}
            onInput={({ currentTarget }) => setIsConfirmed(currentTarget.checked)}
          />
          {wish.confirm}
        </label>
      )}
      <p class="fault told" role="alert">
        {refusal}
      </p>
      <div class="buttons">
        <button type="button" onClick={onClose}>
          Not now
        </button>
        <button class="main" disabled={isSending || !isConfirmable}>
          {isSending ? 'Asking …' : wish.verb}
        </button>
      </div>
    </form>
  );
}

function poolNames(): { readonly name: string; readonly says: string }[] {
  const pools = overview.value?.pools ?? [];
  return (campaign.value?.pools ?? []).map((name) => {
    const books = pools.find(({ pool }) => pool === name);
    return {
      name,
      says: books === undefined ? name : `${name} (${books.allocated + books.free} slots, ${books.free} free)`,
    };
  });
}

function Entry({
  field,
  value,
  fault,
  isFirst,
  options,
  onInput,
  onLeave,
}: {
  readonly field: Field;
  readonly value: string;
  readonly fault: string | undefined;
  readonly isFirst: boolean;
  readonly options: readonly { readonly name: string; readonly says: string }[] | null;
  readonly onInput: (value: string) => void;
  readonly onLeave: () => void;
}): JSX.Element {
  const id = useId();
  const shared = {
    id,
    value,
    'aria-invalid': fault !== undefined,
    'aria-describedby': `${id}-fault`,
    autofocus: isFirst,
    autocomplete: 'off',
    spellcheck: field === 'reason',
    onBlur: onLeave,
  } as const;
  return (
    <div class="entry">
      <label for={id}>{labels[field]}</label>
      {options !== null ? (
        <select {...shared} onInput={({ currentTarget }) => onInput(currentTarget.value)}>
          <option value="">choose</option>
          {options.map(({ name, says }) => (
            <option key={name} value={name}>
              {says}
            </option>
          ))}
        </select>
      ) : field === 'candidates' ? (
        <textarea {...shared} rows={6} class="id" onInput={({ currentTarget }) => onInput(currentTarget.value)} />
      ) : (
        <input
          {...shared}
          type="text"
          class={field === 'reason' ? '' : 'id'}
          onInput={({ currentTarget }) => onInput(currentTarget.value)}
        />
      )}
      <span class="fault small" id={`${id}-fault`}>
        {fault ?? ''}
      </span>
    </div>
  );
}
