/** What a task gave: the geometry, the numbers, and the texts that its programs wrote. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { TaskStory } from '../src/story/views.ts';
import { getText, withQuery } from './api.ts';

type Output = Readonly<Record<string, unknown>>;

export function TaskOutput({ story: { task, output } }: { readonly story: TaskStory }): JSX.Element | null {
  if (output === null || output === undefined) return null;
  if (typeof output !== 'object') return <Lines title="Result" text={JSON.stringify(output)} />;
  const entries = Object.entries(output as Output);
  const geometry = entries.find(([name, value]) => /xyz$/i.test(name) && typeof value === 'string')?.[1];
  const artifacts = entries.filter(([, value]) => isArtifact(value));
  const rest = entries.filter(([, value]) => value !== geometry && !isArtifact(value));
  return (
    <>
      {typeof geometry === 'string' && <Lines title="Geometry, XYZ in Å" text={geometry} file={`${task}.xyz`} />}
      {artifacts.map(([name]) => (
        <Artifact key={name} task={task} name={name} />
      ))}
      <details class="part">
        <summary>Result as it is stored</summary>
        <pre class="told">{JSON.stringify(Object.fromEntries(rest), null, 2)}</pre>
      </details>
    </>
  );
}

/** Whether this is the SHA-256 of an object, which the server gives as text. */
const isArtifact = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

function Lines({
  title,
  text,
  file,
}: {
  readonly title: string;
  readonly text: string;
  readonly file?: string;
}): JSX.Element {
  return (
    <section class="part">
      <h3>{title}</h3>
      <pre class="told" tabIndex={0} role="region" aria-label={title}>
        {text}
      </pre>
      <Copy text={text} file={file} />
    </section>
  );
}

function Copy({ text, file }: { readonly text: string; readonly file: string | undefined }): JSX.Element {
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('copied');
    } catch {
      setSaid('this browser does not let a page copy: select the text instead');
    }
  };
  return (
    <div class="buttons start">
      <button onClick={() => void copy()}>Copy</button>
      {file !== undefined && <button onClick={() => save(file, text)}>Save as {file}</button>}
      <span class="small quiet" role="status">
        {said}
      </span>
    </div>
  );
}

function save(file: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
}

/** A program's output, fetched when somebody opens it. */
function Artifact({ task, name }: { readonly task: string; readonly name: string }): JSX.Element {
  const [isOpen, setIsOpen] = useState(false);
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState('');
  useEffect(() => {
    if (!isOpen || text !== null) return;
    const abort = new AbortController();
    getText(withQuery('/api/artifact', { task, name }), abort.signal).then(setText, (reason: unknown) => {
      if (!abort.signal.aborted) setError(reason instanceof Error ? reason.message : String(reason));
    });
    return () => abort.abort();
  }, [isOpen]);
  return (
    <details class="part" onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary>{name === 'xtbOutput' ? "xtb's output" : name}</summary>
      {text === null ? (
        <p class="quiet">{error === '' ? 'It is being fetched.' : error}</p>
      ) : (
        <>
          <pre class="told" tabIndex={0} role="region" aria-label={name}>
            {text}
          </pre>
          <Copy text={text} file={`${task}-${name}.txt`} />
        </>
      )}
    </details>
  );
}
