/** What the replay knows of an actor. Types only: the page reads them, too. */

/** An actor right after some event of the log. Times are the log's, ms. */
export interface PastActor {
  readonly actor: string;
  /** Paths of its active states, outer ones before those inside: `draining`, `draining.toEnd`. */
  readonly active: readonly string[];
  /** How often each state was entered and ms spent in it, by path; how often each arrow was taken, by its id in the chart. */
  readonly states: Readonly<Record<string, { readonly entered: number; readonly ms: number }>>;
  readonly arrows: Readonly<Record<string, number>>;
  /** What it took last; `arrows` in the order in which they were taken, none where the event changed nothing. */
  readonly last: {
    readonly sequence: number;
    readonly at: number;
    readonly event: string;
    readonly arrows: readonly string[];
    readonly said: readonly string[];
  } | null;
  /** Why it cannot be replayed from there on; null when all is well. */
  readonly trouble: string | null;
}

/** An actor as of the last event that was read. */
export interface ActorHistory extends PastActor {
  /** Sequence of the last fact that the replay gave it. */
  readonly position: number;
  /** Facts stored that it has not taken: those that came before their turn, and those since the oldest that it owes an answer to. */
  readonly mailbox: number;
  /** Its armed timers, the next first: the arrow's event (`after 30 s`), and when it is due by the log's clock. */
  readonly timers: readonly { readonly event: string; readonly dueAt: number }[];
  /** Its last events, newest first, at most 20. `from` and `to` are paths of its innermost states. */
  readonly recent: readonly {
    readonly sequence: number;
    readonly at: number;
    readonly event: string;
    readonly from: string;
    readonly to: string;
    /** What it said on it, and where that is in the log; null as long as it is not stored. */
    readonly said: readonly { readonly type: string; readonly sequence: number | null }[];
  }[];
}
