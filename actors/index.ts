/** The actors that policies are composed of: `coxswain/actors`. */
export { defineActor, plan, type ActorDefinition, type ActorPlan } from '../src/protocol/actor.ts';
export { allocator, type AllocatorInput } from './allocator.ts';
export { campaign } from './campaign.ts';
export { fleet } from './fleet.ts';
export { inferenceRunner, type InferenceRunnerInput } from './inference-runner.ts';
export { resourceLedger, type ResourceLedgerInput } from './resource-ledger.ts';
export { resultProcessor, type ResultProcessorInput } from './result-processor.ts';
export { submitter, type SubmitterInput } from './submitter.ts';
export { trainer, type TrainerInput } from './trainer.ts';
