/** What a person sees of a run: two bars and lines above them on a terminal, plain lines elsewhere. */
import { MultiBar, type SingleBar } from 'cli-progress';

/** Where the run stands. */
export interface RunProgress {
  readonly started: number;
  readonly successful: number;
  readonly failed: number;
}

export interface RunView {
  /** Something that happened and stays on the screen. */
  line(text: string): void;
  /** The run waits for a person, or no longer: told whatever else is. */
  waits(text: string): void;
  /** A simulation that ended: told where there are no bars. */
  result(text: string): void;
  progress(progress: RunProgress): void;
  /** Take the bars away; what follows is printed as it is. */
  close(): void;
}

/** Seconds as people read them: `8 s`, `2 min 05 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, '0');
  return minutes < 60
    ? `${minutes} min ${rest} s`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Nothing but what is printed at the end, and on the error stream that the run waits. */
export const quietView: RunView = {
  line: () => undefined,
  waits: (text) => void process.stderr.write(`${text}\n`),
  result: () => undefined,
  progress: () => undefined,
  close: () => undefined,
};

/** One line an event, with the seconds since the start, for log files and pipes. */
export function plainView(write: (text: string) => void, startedAt: number): RunView {
  const stamp = (): string => `${((Date.now() - startedAt) / 1_000).toFixed(1).padStart(7)} s  `;
  const say = (text: string): void => write(`${stamp()}${text}\n`);
  return { line: say, waits: say, result: say, progress: () => undefined, close: () => undefined };
}

/** Two bars with elapsed and remaining time, and lines that scroll above them. */
export function terminalView(stream: NodeJS.WriteStream, total: number): RunView {
  const colour = (process.env['NO_COLOR'] ?? '') === '';
  const teal = (text: string): string => (colour ? `\u001b[36m${text}\u001b[39m` : text);
  const width = Math.max(10, Math.min(40, (stream.columns || 80) - 56));
  const bars = new MultiBar(
    {
      stream,
      format: (options, params, payload: { name: string; note: string }) => {
        const done = Math.round(Math.min(1, params.value / Math.max(1, params.total)) * width);
        const bar = teal('█'.repeat(done)) + '░'.repeat(width - done);
        const count = `${params.value}/${params.total}`.padStart(9);
        return `${payload.name.padEnd(10)} ${bar} ${count}  ${payload.note}`;
      },
      hideCursor: true,
      forceRedraw: true,
      linewrap: true,
      fps: 10,
    },
    undefined,
  );
  const startedAt = Date.now();
  const started: SingleBar = bars.create(total, 0, { name: 'started', note: '' });
  const successful: SingleBar = bars.create(total, 0, { name: 'successful', note: '' });
  let last: RunProgress = { started: 0, successful: 0, failed: 0 };
  let successesAtStart: number | null = null;
  const show = (): void => {
    const elapsed = (Date.now() - startedAt) / 1_000;
    const done = last.successful - (successesAtStart ?? 0);
    const left = done > 0 && last.successful < total ? (elapsed / done) * (total - last.successful) : null;
    const failed = last.failed > 0 ? `${last.failed} failed` : '';
    // Simulations that run beyond the last one that was needed are started too.
    started.setTotal(Math.max(total, last.started));
    started.update(last.started, { note: `${duration(elapsed)} elapsed` });
    successful.setTotal(Math.max(total, last.successful));
    const remaining = left === null ? '' : `${duration(left)} left`;
    successful.update(last.successful, { note: [remaining, failed].filter((note) => note !== '').join(', ') });
  };
  const clock = setInterval(show, 500);
  let closed = false;
  const log = (text: string): void => bars.log(`${text}\n`);
  return {
    line: log,
    waits: log,
    result: () => undefined,
    progress: (progress) => {
      successesAtStart ??= progress.successful;
      last = progress;
      show();
    },
    close: () => {
      if (closed) return;
      closed = true;
      clearInterval(clock);
      show();
      bars.stop();
    },
  };
}
