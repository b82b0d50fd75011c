/** What a campaign folder declares: settings, methods, policies, and the space that is searched. */
import type { z } from 'zod';
import type { ActorPlan } from '../protocol/actor.ts';
import type { AnyMethod } from '../protocol/method.ts';
import type { ObjectRef } from '../protocol/object-ref.ts';

/** The candidates of a campaign and what is known of them before anything runs. */
export interface Candidates {
  readonly count: number;
  /** Arguments of the simulation of one candidate, 0 .. count-1. */
  argumentsOf(candidate: number): Record<string, unknown>;
  /** What people call a candidate. */
  labelOf(candidate: number): string;
  /** Blobs that tasks refer to by name, such as fingerprints. */
  readonly objects: Readonly<Record<string, Uint8Array>>;
  /** Tells this space from any other: a resumed campaign must have the same. */
  readonly digest: string;
  /** What people and the log should know of how it was read. */
  readonly notes: Readonly<Record<string, unknown>>;
}

/** Candidates and what more lines made of them. */
export interface ExtendedCandidates {
  /** The same with the new ones behind, in the order of their lines; objects begin with all that they held before. */
  readonly candidates: Candidates;
  /** What became of each line: a new candidate, one that was there before or twice in the lines, or why it is none. */
  readonly lines: readonly ({ readonly candidate: number; readonly isNew: boolean } | { readonly refused: string })[];
}

/** The number that a campaign looks for, in the value of its simulations; which end is the best is a setting, `seek`. */
export interface Objective {
  readonly topic: string;
  readonly field: string;
  /** As people write it: `IE`, `hartree`. */
  readonly label: string;
  readonly unit: string;
  /** A second unit that people read: its name, and how many of it one `unit` is. */
  readonly also: { readonly unit: string; readonly factor: number };
}

/** What a policy composes its actors from. */
export interface PolicyInput<Settings> {
  readonly settings: Settings;
  readonly candidates: number;
  /** References of the space's objects, by name. */
  readonly objects: Readonly<Record<string, ObjectRef>>;
}

/** A way of steering: from settings to the actors of a run. */
export type Policy<Settings> = (input: PolicyInput<Settings>) => readonly ActorPlan[];

/** Settings that every campaign has; the others are its own. */
export type CommonSettings = Record<string, unknown> & {
  readonly policy: string;
  readonly total: number;
  readonly threshold: number;
  /** Which end of the objective is the best; the highest where a campaign has no such setting. */
  readonly seek?: 'highest' | 'lowest';
};

/** Which end of the objective a campaign with these settings seeks. */
export const directionOf = ({ seek = 'highest' }: Pick<CommonSettings, 'seek'>): 'highest' | 'lowest' => seek;

/** Candidates whose answers are known already: what a rehearsal chooses from. */
export interface Answers {
  readonly candidates: Candidates;
  /** The objective of each candidate [count]; NaN where its simulation is to fail. */
  readonly values: Float64Array;
}

/** How a campaign's known answers are read. */
export interface AnswerReader<Settings> {
  /** Settings that say which candidates there are: here the table says it. */
  readonly replaces: readonly (keyof Settings & string)[];
  /**
   * Read a table with a header, separated by tabs: the first column holds what `labelOf` calls a candidate, the second, or the one
   * of this name, the objective's value.
   */
  readonly load: (
    file: string,
    options: { readonly column: string | null; readonly cacheDir: string; readonly onProgress: (line: string) => void },
  ) => Promise<Answers>;
}

/** A campaign as its author writes it; see {@link defineCampaign}. */
export interface CampaignDefinition<Settings extends CommonSettings = CommonSettings> {
  readonly name: string;
  /** One schema: types, defaults, flags and their help. */
  readonly settings: z.ZodObject & z.ZodType<Settings>;
  readonly methods: readonly AnyMethod[];
  readonly policies: Readonly<Record<string, Policy<Settings>>>;
  readonly objective: Objective;
  /** Programs that its methods call, beside Node. */
  readonly needs: readonly 'xtb'[];
  /** Read the space that is searched. */
  readonly loadCandidates: (
    settings: Settings,
    options: { readonly cacheDir: string; readonly onProgress: (line: string) => void },
  ) => Promise<Candidates>;
  /**
   * Candidates as people write them, one a line, read as those of the space are: what they make of it. Without it none can be added
   * to a campaign under way.
   */
  readonly extendCandidates?: (candidates: Candidates, lines: readonly string[]) => Promise<ExtendedCandidates>;
  /** A picture of a candidate by its label: SVG text, 200 by 150 px, on a transparent ground. Without it people see labels alone. */
  readonly draw?: (label: string, theme: 'light' | 'dark') => Promise<string>;
  /** What `cox rehearse` needs; a campaign without it cannot be rehearsed. */
  readonly answers?: AnswerReader<Settings>;
}

/** Declare a campaign: checked by its own settings' type, everything else as given. */
export function defineCampaign<Settings extends CommonSettings>(
  definition: CampaignDefinition<Settings>,
): CampaignDefinition<Settings> {
  return definition;
}
