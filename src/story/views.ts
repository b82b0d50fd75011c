/**
 * What people see of a campaign, as plain data: the answers that a {@link Story} gives. The page, the terminal, the report and the
 * `nats` command show the same ones. Types only, so that the page can share them. Times are ms since 1970 by the server's clock,
 * unless they say otherwise; values are in the objective's unit.
 */

/** Why a slot that lives computes nothing. */
export type IdleCause =
  /** Every candidate was submitted, or the campaign has what it wanted. */
  | 'no candidate'
  /** The policy submits nothing until the model knows the last results. */
  | 'paused for update'
  /** Nothing is ranked yet, or no ranking is in force. */
  | 'waiting for ranking'
  /** A task is on its way: decided, granted, queued, or being fetched. */
  | 'dispatch'
  /** The slot is in a pool that has no work. */
  | 'no work in pool'
  | 'worker lost'
  /** What runs may finish, and nothing new starts. */
  | 'draining'
  /** The campaign is paused, not begun, or over. */
  | 'not running';

export type CampaignState = 'created' | 'running' | 'draining' | 'paused' | 'ended';
export type TaskState = 'queued' | 'running' | 'succeeded' | 'failed' | 'withdrawn';

/** Why a candidate was chosen, as the submitter noted it; see `actors/choices.ts`. */
export interface ChoiceView {
  readonly by: string;
  readonly rank: number | null;
  readonly score: number | null;
  readonly mean: number | null;
  readonly deviation: number | null;
  readonly update: number | null;
  readonly model: string | null;
  readonly trainedOn: number | null;
  readonly stale: { readonly results: number; readonly seconds: number } | null;
}

/** One task in a list. */
export interface TaskRow {
  readonly task: string;
  readonly topic: string;
  readonly pool: string;
  readonly candidate: number | null;
  /** What people call what it is about: a SMILES, else its id. */
  readonly label: string;
  readonly state: TaskState;
  /** The objective's value, where there is one. */
  readonly value: number | null;
  readonly isFound: boolean;
  /** Place in the log of its creation, and of its result's recording; null before. */
  readonly sequence: number;
  readonly recorded: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly worker: string | null;
  readonly host: string | null;
  readonly choice: ChoiceView | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/** A pool of the ledger. */
export interface PoolRow {
  readonly pool: string;
  readonly allocated: number;
  readonly free: number;
}

/** One slot of the fleet, now. Slots have no names of their own: a lane is a row in which a worker's tasks do not overlap. */
export interface SlotRow {
  readonly lane: number;
  readonly worker: string;
  readonly host: string;
  /** What it computes; null when it is idle. */
  readonly task: { readonly task: string; readonly topic: string; readonly label: string } | null;
  readonly since: number;
  readonly idle: IdleCause | null;
}

export interface WorkerRow {
  readonly worker: string;
  readonly host: string;
  readonly slots: number;
  readonly running: number;
  readonly state: 'there' | 'draining' | 'left' | 'lost';
  readonly joinedAt: number;
  readonly goneAt: number | null;
  readonly done: number;
  readonly failed: number;
  /** Load of the machine over 1 min, and when the worker was last heard; null where nobody listens to beats. */
  readonly load: number | null;
  readonly heardAt: number | null;
}

/** A candidate that would be chosen next. */
export interface NextRow {
  readonly candidate: number;
  /** Null where the space is not loaded. */
  readonly label: string | null;
  readonly score: number | null;
  readonly mean: number | null;
  readonly deviation: number | null;
  readonly isPinned: boolean;
}

/** All that the first view shows. */
export interface Overview {
  /** Sequence and time of the last fact that this knows. */
  readonly position: number;
  readonly at: number;
  readonly state: CampaignState;
  /** Why it drains, is paused or has ended; empty while it runs. */
  readonly reason: string;
  /** What it is doing and why, for people who have never read the code: one to three short sentences. */
  readonly doing: readonly string[];
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Time in which it was not paused. */
  readonly elapsedSeconds: number;
  readonly counts: {
    readonly total: number | null;
    readonly succeeded: number;
    readonly failed: number;
    readonly running: number;
    readonly queued: number;
    readonly withdrawn: number;
    readonly retried: number;
  };
  readonly found: {
    readonly count: number;
    /** Of those that succeeded, and of the last 25 of them. */
    readonly share: number | null;
    readonly shareOfLast25: number | null;
    /** Of the last few minutes; null before there is a rate. */
    readonly simulationsPerMinute: number | null;
    readonly findsPerMinute: number | null;
    readonly secondsToNextFind: number | null;
  };
  readonly best: readonly TaskRow[];
  readonly recent: readonly TaskRow[];
  readonly next: readonly NextRow[];
  readonly pinned: readonly number[];
  readonly vetoed: readonly number[];
  readonly capacity: number;
  readonly pools: readonly PoolRow[];
  readonly slots: readonly SlotRow[];
  readonly workers: readonly WorkerRow[];
  readonly model: ModelView | null;
}

export interface ModelView {
  /** Which update made it, counted from 1, and from how many results. */
  readonly update: number;
  readonly trainedOn: number;
  readonly model: string | null;
  readonly isUpdating: boolean;
  /** Successes since it was trained. */
  readonly staleResults: number;
  /** Mean absolute error of its and its predecessors' predictions on results that came after, over the last 25; null before any. */
  readonly recentError: number | null;
  readonly updates: number;
  readonly failedUpdates: number;
}

/** Everything about one task: what `cox why` prints and what a click on a molecule shows. */
export interface TaskStory extends TaskRow {
  readonly method: string;
  readonly arguments: unknown;
  /** Steps from its creation to its count: what happened, who did it, and where that is in the log. */
  readonly steps: readonly { readonly at: number; readonly what: string; readonly sequence: number | null }[];
  readonly slots: number;
  readonly grant: string | null;
  readonly attempts: readonly {
    readonly at: number;
    readonly host: string;
    readonly code: string;
    readonly message: string;
  }[];
  readonly resources: { readonly wallMs: number; readonly cpuMs: number } | null;
  /** The result's value as it was stored: geometry, energies, whatever the method gives. */
  readonly output: unknown;
  /** Results that the model that chose it had learnt from, the last first, at most 200. */
  readonly trainingSet: readonly { readonly task: string; readonly label: string; readonly value: number }[];
  /** What its result changed: found or not, best so far, an update that it made due, and what that ranked anew. */
  readonly changed: readonly string[];
  /** One paragraph: why this one, in words. */
  readonly why: string;
}

/** Slots and their time. */
export interface IdleReport {
  readonly from: number;
  readonly to: number;
  /** Slots times seconds in which they were there, and in which they computed, by topic. */
  readonly slotSeconds: number;
  readonly busySeconds: Readonly<Record<string, number>>;
  readonly idleSeconds: Readonly<Partial<Record<IdleCause, number>>>;
  /** The longest gaps, at most 20. */
  readonly longest: readonly {
    readonly lane: number;
    readonly worker: string;
    readonly from: number;
    readonly to: number;
    readonly cause: IdleCause;
  }[];
}

/** Lanes, tasks and gaps in columns: row i of a column is task i. 100,000 of them are some megabytes of JSON. */
export interface Timeline {
  /** All times are ms after this. */
  readonly origin: number;
  readonly end: number;
  readonly lanes: readonly {
    readonly worker: string;
    readonly host: string;
    readonly from: number;
    readonly to: number | null;
  }[];
  readonly topics: readonly string[];
  readonly tasks: {
    readonly id: readonly string[];
    readonly lane: readonly number[];
    readonly topic: readonly number[];
    readonly start: readonly number[];
    readonly end: readonly (number | null)[];
    /** 0 running, 1 succeeded, 2 failed. */
    readonly state: readonly number[];
  };
  readonly gaps: {
    readonly lane: readonly number[];
    readonly start: readonly number[];
    readonly end: readonly number[];
    readonly cause: readonly IdleCause[];
  };
  /** Updates of the model: from their start to their ranking. */
  readonly updates: readonly {
    readonly update: number;
    readonly start: number;
    readonly end: number | null;
    readonly failed: boolean;
  }[];
}

/** The ledger over time. */
export interface LedgerView {
  readonly origin: number;
  /** The books after each change, thinned to at most 2,000 points: ms after `origin`, and each pool's slots and how many are allocated. */
  readonly at: readonly number[];
  readonly capacity: readonly number[];
  readonly pools: Readonly<
    Record<string, { readonly slots: readonly number[]; readonly allocated: readonly number[] }>
  >;
  /** Who holds what, now. */
  readonly holders: readonly {
    readonly grant: string;
    readonly pool: string;
    readonly slots: number;
    readonly task: string | null;
    readonly label: string | null;
    readonly since: number;
  }[];
  readonly moves: readonly {
    readonly at: number;
    readonly sequence: number;
    readonly from: string;
    readonly to: string;
    readonly slots: number;
    readonly by: string;
    readonly reason: string;
  }[];
}

/** What was found, and how well the model knew. */
export interface Science {
  readonly origin: number;
  readonly threshold: number;
  readonly seek: 'highest' | 'lowest';
  /** Successes in the order in which they were recorded. */
  readonly results: {
    readonly at: readonly number[];
    readonly value: readonly number[];
    readonly task: readonly string[];
    readonly label: readonly string[];
    readonly predicted: readonly (number | null)[];
    readonly deviation: readonly (number | null)[];
    readonly update: readonly (number | null)[];
    readonly staleResults: readonly (number | null)[];
    readonly staleSeconds: readonly (number | null)[];
    /** From the end of the computation to the decision on it, ms. */
    readonly decisionMs: readonly number[];
  };
  /** Finds after each success, and what random choices would have found by then on average: from those chosen without a model, else null. */
  readonly found: readonly number[];
  readonly random: { readonly rate: number; readonly error: number; readonly from: string } | null;
  /** One entry an update: on how many results, seconds it took, mean absolute error on the results that it chose. */
  readonly updates: readonly {
    readonly update: number;
    readonly trainedOn: number;
    readonly at: number;
    readonly seconds: number;
    readonly error: number | null;
    readonly results: number;
  }[];
  /** Shares of results that lay within the interval that was expected to hold such a share of them. */
  readonly calibration: {
    readonly expected: readonly number[];
    readonly observed: readonly number[];
    readonly count: number;
  } | null;
}
