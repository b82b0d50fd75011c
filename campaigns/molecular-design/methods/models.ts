/** The models that this campaign can be run with; list one's own beside ours. */
import { modelKinds, ourModels } from 'coxswain/ml';

export const models = modelKinds([...ourModels]);
