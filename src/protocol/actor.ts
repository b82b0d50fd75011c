import type { AnyStateMachine, InputFrom } from 'xstate';
import type { Heard } from './events.ts';

/** A machine and what it listens to: all that the runtime needs to run an actor. */
export interface ActorDefinition<M extends AnyStateMachine = AnyStateMachine> {
  /** Its name in subjects, and the machine's id. */
  readonly name: string;
  readonly machine: M;
  /** Whose facts are its mailbox. */
  readonly hears: readonly Heard[];
  /** Changes whenever the machine's context or states do: a snapshot of another version is refused. */
  readonly version: number;
}

/** An actor with the input of one campaign. */
export interface ActorPlan {
  readonly actor: ActorDefinition;
  readonly input: unknown;
}

/** Declare an actor: a plain XState machine, and beside it what it hears. */
export function defineActor<M extends AnyStateMachine>(definition: {
  machine: M;
  hears: readonly Heard[];
  version: number;
}): ActorDefinition<M> {
  return { name: definition.machine.id, ...definition };
}

/** This actor with this input, checked by the machine's own type. */
export function plan<M extends AnyStateMachine>(actor: ActorDefinition<M>, input: InputFrom<M>): ActorPlan {
  return { actor, input };
}
