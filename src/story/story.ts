/**
 * The story of a campaign: facts of its log in, in order, answers to what people ask out. It reads no clock and does no I/O, keeps
 * no fact, and after 100,000 tasks answers as fast as after ten.
 */
import type { StoredFact } from '../protocol/fact.ts';
import type { Beat } from '../protocol/registration.ts';
import { countsAt } from './counts-at.ts';
import { overviewOf, taskRow } from './overview.ts';
import { Records, type StoryOptions } from './records.ts';
import { scienceOf } from './science.ts';
import { TaskSearch, type TaskQuery } from './task-search.ts';
import { taskStoryOf } from './task-story.ts';
import { idleOf, timelineOf } from './timeline.ts';
import type { IdleReport, LedgerView, Overview, Science, TaskRow, TaskStory, Timeline } from './views.ts';

export type { StoryOptions } from './records.ts';
export type { TaskQuery } from './task-search.ts';

/** Where in the log a task is: of its creation, of the end that counts, and of its recording; null before. */
export interface TaskPlaces {
  readonly created: number | null;
  readonly finished: number | null;
  readonly recorded: number | null;
}

export class Story {
  readonly #records: Records;
  readonly #search: TaskSearch;

  constructor(options: StoryOptions) {
    this.#records = new Records(options);
    this.#search = new TaskSearch(this.#records);
  }

  /** Sequence of the last fact that was taken; 0 before the first. */
  get position(): number {
    return this.#records.position;
  }

  /** The server's time of the last fact, ms since 1970; 0 before the first. */
  get at(): number {
    return this.#records.at;
  }

  /** Take the next fact of the log: all of them, in order. */
  take(fact: StoredFact): void {
    this.#records.take(fact);
  }

  /** Take what a worker says of itself, which is in no log; `at` is when it was heard, ms since 1970. */
  hear(beat: Beat, at: number): void {
    this.#records.hear(beat, at);
  }

  /** All that the first view shows. @param now ms since 1970; by default when the last fact was stored. */
  overview(now = this.at): Overview {
    return overviewOf(this.#records, Math.max(now, this.at));
  }

  /** The counts right after a past event: its place in the log, and when it was stored, ms since 1970. */
  countsAt(sequence: number, at: number): { readonly counts: Overview['counts']; readonly found: number } {
    return countsAt(this.#records, sequence, at);
  }

  /** Everything that the columns know of a task, by its id or its label; null when there is none. Its output is in the log. */
  task(idOrLabel: string): TaskStory | null {
    const row = this.#search.find(idOrLabel);
    return row < 0 ? null : taskStoryOf(this.#records, row);
  }

  /** Where a task is in the log; null when there is none of that id. */
  placesOf(id: string): TaskPlaces | null {
    const { tasks } = this.#records;
    const row = tasks.find(id);
    if (row < 0) return null;
    return {
      created: tasks.created.orNull(row),
      finished: tasks.finished.orNull(row),
      recorded: tasks.recorded.orNull(row),
    };
  }

  /** At most `count` tasks whose id or label is most like a text, for people who mistyped it. */
  similar(text: string, count = 5): TaskRow[] {
    return this.#search.similar(text, count).map((row) => taskRow(this.#records, row));
  }

  /** Slots and their time, ms since 1970: by default from the start to the last fact. */
  idle(from = this.#records.origin, to = this.at): IdleReport {
    return idleOf(this.#records, from, to);
  }

  /** Lanes, tasks and gaps until `now`, ms since 1970; by default until the last fact. */
  timeline(now = this.at): Timeline {
    return timelineOf(this.#records, Math.max(now, this.at));
  }

  ledger(): LedgerView {
    const { tasks, books } = this.#records;
    return books.view((row) => ({ task: tasks.ids[row] ?? '', label: tasks.labels[row] ?? '' }));
  }

  science(): Science {
    return scienceOf(this.#records);
  }

  /** A page of a list of tasks, and how many there are in all. */
  tasks(query: TaskQuery = {}): { rows: TaskRow[]; total: number } {
    const { rows, total } = this.#search.page(query);
    return { rows: rows.map((row) => taskRow(this.#records, row)), total };
  }
}
