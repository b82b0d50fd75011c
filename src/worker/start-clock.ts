import type { TaskFailure } from '../protocol/task.ts';

/** What a child does before it can compute. */
export type StartStage = 'loading' | 'warming';

/** How long each may take, ms. */
export type StartLimits = Readonly<Record<StartStage, number>>;

/**
 * Loading takes a second, and warming as much; but a folder may come from a slow disk, on a machine that is busy, and a method may warm
 * a large model of its own.
 */
export const startLimitsMs: StartLimits = { loading: 120_000, warming: 300_000 };

const doingIn: Readonly<Record<StartStage, string>> = {
  loading: 'loading its campaign folders',
  warming: 'warming up its methods',
};

/** Watches children that start: one that hangs would be neither ready nor replaced, for ever. */
export class StartClock {
  readonly #limitsMs: StartLimits;
  readonly #late: (child: number, failure: TaskFailure) => void;
  readonly #timers = new Map<number, NodeJS.Timeout>();

  /** @param late told once of a child that is still in a stage when its time is up. */
  constructor(limitsMs: StartLimits, late: (child: number, failure: TaskFailure) => void) {
    this.#limitsMs = limitsMs;
    this.#late = late;
  }

  /** A child enters a stage, and has left the one before. */
  enter(child: number, stage: StartStage): void {
    this.leave(child);
    const limitMs = this.#limitsMs[stage];
    const late = (): void => {
      this.#timers.delete(child);
      this.#late(child, {
        code: 'worker.start-timed-out',
        message: `a child process was ended because it was still ${doingIn[stage]} after ${limitMs / 1_000} s; a step there hangs`,
        retry: 'elsewhere',
        details: { stage, limitMs },
      });
    };
    this.#timers.set(child, setTimeout(late, limitMs));
  }

  /** A child is ready, or has ended. */
  leave(child: number): void {
    clearTimeout(this.#timers.get(child));
    this.#timers.delete(child);
  }

  /** No child is watched any more. */
  close(): void {
    for (const child of this.#timers.keys()) this.leave(child);
  }
}
